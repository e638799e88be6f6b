#include "earthcatalog/fetch/transfer_thread.h"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

namespace earthcatalog::fetch {
namespace {

// Handing on wakes the other thread. Answers are held while each turn brings another, at most so many: what
// they came over stands idle meanwhile.
constexpr size_t kTogether = 8;

}  // namespace

void Inbox::Put(std::vector<Answer> answers) {
  {
    std::lock_guard lock(mutex_);
    if (answers_.empty()) {
      answers_ = std::move(answers);
    } else {
      std::move(answers.begin(), answers.end(), std::back_inserter(answers_));
    }
  }
  changed_.notify_one();
}

void Inbox::Fail(Status status) {
  {
    std::lock_guard lock(mutex_);
    if (status_.ok()) status_ = std::move(status);
  }
  changed_.notify_one();
}

void Inbox::Notify() {
  {
    std::lock_guard lock(mutex_);
    notified_ = true;
  }
  changed_.notify_one();
}

Result<std::vector<Answer>> Inbox::WaitUntil(Clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return notified_ || !answers_.empty() || !status_.ok(); });
  notified_ = false;
  ARROW_RETURN_NOT_OK(status_);
  return std::exchange(answers_, {});
}

Result<std::unique_ptr<TransferThread>> TransferThread::Make(const Options& options, std::string_view scheme,
                                                             int transfers, OpenBatches* batches,
                                                             Inbox* inbox) {
  std::unique_ptr<TransferThread> self(new TransferThread(options, inbox));
  ARROW_ASSIGN_OR_RAISE(self->loop_, SocketLoop::Make(transfers));
  for (int i = 0; i < transfers; ++i) {
    ARROW_ASSIGN_OR_RAISE(auto transfer, Transfer::Make(options, scheme, self->loop_.get(), batches));
    self->idle_.push_back(transfer.get());
    self->transfers_.push_back(std::move(transfer));
  }
  try {
    self->thread_ = std::thread([thread = self.get()] {
      const Status status = CatchExceptions([thread] { return thread->Run(); });
      if (!status.ok()) thread->inbox_.Fail(status);
    });
  } catch (const std::system_error& error) {
    return FailedError("cannot start a thread for fetching: {}", error.what());
  }
  return self;
}

TransferThread::~TransferThread() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  loop_->Wake();
  thread_.join();
}

void TransferThread::Send(Request request) {
  ++in_flight_;
  std::lock_guard lock(mutex_);
  requests_.push_back(std::move(request));
  if (!std::exchange(woken_, true)) loop_->Wake();
}

Status TransferThread::Run() {
  std::vector<Request> requests;
  std::vector<Answer> answers;
  while (TakeRequests(&requests)) {
    for (Request& request : requests) {
      ARROW_RETURN_NOT_OK(idle_.back()->Start(std::move(request)));
      idle_.pop_back();
    }
    requests.clear();
    const size_t held = answers.size();
    ARROW_RETURN_NOT_OK(loop_->Turn(held > 0 ? Clock::now() : NextLook()));
    EndRequests(&answers);
    EndLate(&answers);
    const bool more = answers.size() > held;
    if (more ? answers.size() >= kTogether : held > 0) inbox_.Put(std::exchange(answers, {}));
  }
  return Status::OK();
}

Clock::time_point TransferThread::NextLook() const {
  return idle_.size() < transfers_.size() ? next_late_check_ : Clock::now() + std::chrono::minutes(1);
}

bool TransferThread::TakeRequests(std::vector<Request>* requests) {
  std::lock_guard lock(mutex_);
  requests->swap(requests_);
  woken_ = false;
  return !stopped_;
}

void TransferThread::EndRequests(std::vector<Answer>* answers) {
  while (const auto ended = loop_->NextEnded())
    End(Transfer::Of(ended->easy), ended->result, Transfer::Late::kNo, answers);
}

void TransferThread::EndLate(std::vector<Answer>* answers) {
  const Clock::time_point now = Clock::now();
  if (now < next_late_check_) return;
  const auto shortest = std::min(options_.retry.stall_timeout, options_.retry.total_timeout);
  next_late_check_ = now + std::max<Clock::duration>(shortest / 8, std::chrono::milliseconds(1));
  for (const auto& transfer : transfers_) {
    if (!transfer->active()) continue;
    const Transfer::Late late = transfer->IsLate(now);
    if (late != Transfer::Late::kNo) End(transfer.get(), CURLE_OPERATION_TIMEDOUT, late, answers);
  }
}

void TransferThread::End(Transfer* transfer, CURLcode result, Transfer::Late late,
                         std::vector<Answer>* answers) {
  answers->push_back(transfer->End(result, late));
  idle_.push_back(transfer);
}

}  // namespace earthcatalog::fetch
