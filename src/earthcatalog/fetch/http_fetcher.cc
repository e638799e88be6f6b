#include "earthcatalog/fetch/http_fetcher.h"

#include <algorithm>
#include <queue>

#include "earthcatalog/fetch/open_batches.h"
#include "earthcatalog/fetch/open_files.h"
#include "earthcatalog/fetch/outcome.h"
#include "earthcatalog/fetch/retry.h"
#include "earthcatalog/fetch/socket_loop.h"
#include "earthcatalog/fetch/transfer.h"

namespace earthcatalog::fetch {
namespace {

// Rows waiting for their next attempt hold no slot, but when there are so many the server is in trouble: then
// no new row starts.
constexpr size_t kMaxWaitingPerSlot = 16;

// So many rows in a row that nothing answered, with all their attempts, are no failures of theirs: the
// network or the server is down. At the start of a run fewer say it.
constexpr uint64_t kUnreachableRows = 1000;
constexpr uint64_t kUnreachableFirstRows = 50;

// A connection, and what resolving a name or trying a second address takes meanwhile.
constexpr int kFilesPerRequest = 2;
// What the rest of the process opens: the event loop, the inventory, the catalog, files being written.
constexpr int kOtherFiles = 40;

struct Counters {
  std::atomic<uint64_t> bytes{0};
  std::atomic<uint64_t> retries{0};
};

// What one Run() holds. Everything happens in its thread but the queues' wake-ups.
class HttpRun {
 public:
  HttpRun(const Options& options, ObjectUrls* urls, Counters* counters, SocketLoop* loop,
          BoundedQueue<inventory::Batch>* in, BoundedQueue<Batch>* out)
      : options_(options),
        urls_(*urls),
        counters_(*counters),
        loop_(*loop),
        in_(*in),
        out_(*out),
        batches_(options.max_buffered_bytes),
        backoff_(options.retry) {
    // The queues also call when the run is stopped.
    in_.Watch([this] {
      in_changed_ = true;
      loop_.Wake();
    });
    out_.Watch([this] {
      out_changed_ = true;
      loop_.Wake();
    });
  }
  ~HttpRun() {
    in_.Watch({});
    out_.Watch({});
  }
  HttpRun(const HttpRun&) = delete;
  HttpRun& operator=(const HttpRun&) = delete;

  Status Run(const CancelSource& cancel);

 private:
  struct Waiting {
    Clock::time_point due;
    Job job;
    bool operator<(const Waiting& other) const { return due > other.due; }  // the next one on top of the heap
  };

  Status MakeTransfers();
  Status StartRequests(const CancelSource& cancel);
  std::optional<Job> NextJob();
  void TakeBatch();
  Status StartRequest(const Job& job);
  void EndRequests();
  void EndRequest(Transfer* transfer, CURLcode result, bool stalled);
  void CountUnanswered(const Failure& failure);
  bool MovedToRegion(const Transfer& transfer);
  void EndStalled();
  void HandOn();
  bool Done() const { return in_drained_ && batches_.empty(); }
  Clock::time_point NextDeadline() const;
  void Fail(const Job& job, Failure failure);

  const Options& options_;
  ObjectUrls& urls_;
  Counters& counters_;
  SocketLoop& loop_;
  BoundedQueue<inventory::Batch>& in_;
  BoundedQueue<Batch>& out_;
  std::atomic<bool> in_changed_{true};
  std::atomic<bool> out_changed_{true};
  bool in_drained_ = false;
  OpenBatches batches_;
  Backoff backoff_;
  bool any_answer_ = false;
  uint64_t unanswered_rows_ = 0;  // since the last answer
  Status unreachable_;            // once they were too many
  std::priority_queue<Waiting> waiting_;
  std::vector<std::unique_ptr<Transfer>> transfers_;  // destroyed first: they use the members above
  std::vector<Transfer*> idle_;
  Clock::time_point next_stall_check_;
  std::string url_;
};

Status HttpRun::Run(const CancelSource& cancel) {
  ARROW_RETURN_NOT_OK(MakeTransfers());
  while (!cancel.stopped()) {
    ARROW_RETURN_NOT_OK(StartRequests(cancel));
    HandOn();
    if (Done()) {
      out_.Close();
      return Status::OK();
    }
    ARROW_RETURN_NOT_OK(loop_.Turn(NextDeadline()));
    EndRequests();
    EndStalled();
    ARROW_RETURN_NOT_OK(unreachable_);
  }
  return cancel.status();
}

Status HttpRun::MakeTransfers() {
  for (int i = 0; i < std::max(options_.max_in_flight, 1); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto transfer, Transfer::Make(options_, urls_.scheme(), &loop_, &batches_));
    idle_.push_back(transfer.get());
    transfers_.push_back(std::move(transfer));
  }
  return Status::OK();
}

Status HttpRun::StartRequests(const CancelSource& cancel) {
  while (!idle_.empty() && !cancel.stopped()) {
    const std::optional<Job> job = NextJob();
    if (!job) break;
    ARROW_RETURN_NOT_OK(StartRequest(*job));
  }
  return Status::OK();
}

std::optional<Job> HttpRun::NextJob() {
  if (!waiting_.empty() && waiting_.top().due <= Clock::now()) {
    Job job = waiting_.top().job;
    waiting_.pop();
    return job;
  }
  if (waiting_.size() >= kMaxWaitingPerSlot * transfers_.size()) return std::nullopt;
  if (batches_.WantsBatch()) TakeBatch();
  if (!batches_.MayStart()) return std::nullopt;
  return Job{.ticket = batches_.Start()};
}

void HttpRun::TakeBatch() {
  if (!in_changed_.exchange(false)) return;
  if (auto batch = in_.TryPop()) {
    in_changed_ = true;
    batches_.Add(std::move(*batch));
  } else {
    in_drained_ = in_.drained();
  }
}

Status HttpRun::StartRequest(const Job& job) {
  if (auto failure = urls_.Make(job.ticket.item().row, &url_)) {
    Fail(job, std::move(*failure));
    return Status::OK();
  }
  Transfer* transfer = idle_.back();
  ARROW_RETURN_NOT_OK(transfer->Start(job, url_));
  idle_.pop_back();
  return Status::OK();
}

void HttpRun::EndRequests() {
  while (const auto ended = loop_.NextEnded()) EndRequest(Transfer::Of(ended->easy), ended->result, false);
}

void HttpRun::EndRequest(Transfer* transfer, CURLcode result, bool stalled) {
  Outcome outcome = transfer->End(result, stalled);
  Job job = transfer->job();
  idle_.push_back(transfer);
  if (outcome.answered) {
    any_answer_ = true;
    unanswered_rows_ = 0;
  }
  if (!outcome.failure) {
    counters_.bytes.fetch_add(job.ticket.item().body.size(), std::memory_order_relaxed);
    batches_.Finish(job.ticket);
    return;
  }
  if (MovedToRegion(*transfer)) {
    job.region_corrected = true;
    waiting_.push({Clock::now(), job});
    return;
  }
  ++job.failures;
  if (outcome.transient && job.failures < options_.retry.attempts) {
    counters_.retries.fetch_add(1, std::memory_order_relaxed);
    waiting_.push({Clock::now() + backoff_.Delay(job.failures, transfer->retry_after()), job});
    return;
  }
  if (!outcome.answered) CountUnanswered(*outcome.failure);
  if (job.failures > 1) outcome.failure->message += fmt::format(" ({} attempts)", job.failures);
  Fail(job, std::move(*outcome.failure));
}

void HttpRun::CountUnanswered(const Failure& failure) {
  ++unanswered_rows_;
  if (unanswered_rows_ < (any_answer_ ? kUnreachableRows : kUnreachableFirstRows)) return;
  unreachable_ = FailedError(
      "the {} {} items could not be asked for, each tried {} times: the network or the server is down. The "
      "table "
      "is as of the last commit; run the same again when it is up. The last error: {}: {}",
      any_answer_ ? "last" : "first", unanswered_rows_, options_.retry.attempts, failure.kind,
      failure.message);
}

bool HttpRun::MovedToRegion(const Transfer& transfer) {
  const bool redirect = transfer.status() / 100 == 3;
  return redirect && !transfer.job().region_corrected &&
         urls_.LearnRegion(transfer.job().ticket.item().row.bucket, transfer.bucket_region());
}

void HttpRun::EndStalled() {
  const Clock::time_point now = Clock::now();
  if (now < next_stall_check_) return;
  next_stall_check_ =
      now + std::max<Clock::duration>(options_.retry.stall_timeout / 8, std::chrono::milliseconds(1));
  for (const auto& transfer : transfers_) {
    if (transfer->active() && transfer->Stalled(now))
      EndRequest(transfer.get(), CURLE_OPERATION_TIMEDOUT, true);
  }
}

void HttpRun::HandOn() {
  while (batches_.HasComplete() && out_changed_.exchange(false)) {
    if (!out_.TryPush(batches_.FrontComplete())) return;
    out_changed_ = true;
    batches_.PopComplete();
  }
}

Clock::time_point HttpRun::NextDeadline() const {
  Clock::time_point next = Clock::now() + std::chrono::minutes(1);
  if (idle_.size() < transfers_.size()) next = std::min(next, next_stall_check_);
  if (!idle_.empty() && !waiting_.empty()) next = std::min(next, waiting_.top().due);
  return next;
}

void HttpRun::Fail(const Job& job, Failure failure) {
  job.ticket.item().failure = std::move(failure);
  batches_.Finish(job.ticket);
}

class HttpFetcher : public Fetcher {
 public:
  HttpFetcher(const Options& options, ObjectUrls urls) : options_(options), urls_(std::move(urls)) {}

  Status Run(BoundedQueue<inventory::Batch>* in, BoundedQueue<Batch>* out, CancelSource* cancel) override {
    ARROW_ASSIGN_OR_RAISE(const auto loop, SocketLoop::Make(options_.max_in_flight));
    return HttpRun(options_, &urls_, &counters_, loop.get(), in, out).Run(*cancel);
  }

  int max_in_flight() const override { return options_.max_in_flight; }
  uint64_t bytes_fetched() const override { return counters_.bytes.load(std::memory_order_relaxed); }
  uint64_t retries() const override { return counters_.retries.load(std::memory_order_relaxed); }

 private:
  const Options options_;
  ObjectUrls urls_;
  Counters counters_;
};

}  // namespace

Result<std::unique_ptr<Fetcher>> MakeHttpFetcher(const Options& options, ObjectUrls urls) {
  // Once per process, thread-safe, never undone: other libraries in the process use libcurl too.
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) return FailedError("libcurl cannot be initialised");
  Options possible = options;
  const int room = AllowOpenFiles(options.max_in_flight * kFilesPerRequest + kOtherFiles) - kOtherFiles;
  possible.max_in_flight = std::min(options.max_in_flight, room / kFilesPerRequest);
  if (possible.max_in_flight < 1) {
    return UsageError(
        "the system lets this process open too few files to fetch anything: raise the limit "
        "(ulimit -n) by {}",
        kFilesPerRequest - room);
  }
  return std::make_unique<HttpFetcher>(possible, std::move(urls));
}

}  // namespace earthcatalog::fetch
