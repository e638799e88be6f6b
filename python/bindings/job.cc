#include "job.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include "errors.h"

namespace earthcatalog::python {

namespace nb = nanobind;

namespace {

constexpr std::chrono::milliseconds kPollInterval(200);

// What the job's thread tells the calling thread.
class Mailbox {
 public:
  void Post(const Progress& progress) {
    std::lock_guard lock(mutex_);
    progress_ = progress;
  }

  void Finish(Status status) {
    std::lock_guard lock(mutex_);
    status_ = std::move(status);
    changed_.notify_all();
  }

  // Waits a moment for the end of the job: its status, or nothing while it runs.
  std::optional<Status> Poll() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPollInterval, [this] { return status_.has_value(); });
    return status_;
  }

  std::optional<Progress> TakeProgress() {
    std::lock_guard lock(mutex_);
    return std::exchange(progress_, std::nullopt);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Progress> progress_;
  std::optional<Status> status_;
};

Status RunGuarded(const Job& job, Mailbox* mailbox, CancelSource* cancel) {
  try {
    return job([mailbox](const Progress& progress) { mailbox->Post(progress); }, cancel);
  } catch (const std::exception& error) {
    return FailedError("unexpected failure: {}", error.what());
  }
}

}  // namespace

void RunJob(const Job& job, const nb::object& on_progress) {
  CancelSource cancel;
  Mailbox mailbox;
  std::jthread worker([&] { mailbox.Finish(RunGuarded(job, &mailbox, &cancel)); });

  std::exception_ptr raised;
  auto report_progress = [&] {
    auto progress = mailbox.TakeProgress();
    if (progress && !on_progress.is_none()) on_progress(*progress);
  };
  std::optional<Status> status;
  while (true) {
    {
      nb::gil_scoped_release release;
      status = mailbox.Poll();
    }
    if (raised == nullptr) {
      try {
        if (PyErr_CheckSignals() != 0) throw nb::python_error();
        report_progress();
      } catch (...) {
        raised = std::current_exception();
        cancel.Fail(MakeError(ErrorKind::kInterrupted, "stopped by the caller"));
      }
    }
    if (status) break;
  }
  if (raised != nullptr) std::rethrow_exception(raised);
  ThrowIfError(*status);
}

}  // namespace earthcatalog::python
