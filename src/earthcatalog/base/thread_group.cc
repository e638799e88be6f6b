#include "earthcatalog/base/thread_group.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>

namespace earthcatalog {

void ThreadGroup::Start(std::function<Status()> body) {
  const auto run = [this, body = std::move(body)] {
    Status status = CatchExceptions(body);
    if (!status.ok()) cancel_->Fail(std::move(status));
  };
  try {
    threads_.emplace_back(run);
  } catch (const std::system_error& error) {
    cancel_->Fail(
        FailedError("cannot start thread {} of the run: {}", threads_.size() + 1, error.code().message()));
  }
}

void ThreadGroup::Join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

Status ParallelFor(size_t count, int threads, const CancelSource& cancel,
                   const std::function<Status(size_t index, int thread)>& body) {
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  Status first_error;
  auto work = [&](int thread) {
    while (!failed.load(std::memory_order_relaxed)) {
      const size_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= count) return;
      Status status =
          cancel.stopped() ? cancel.status() : CatchExceptions([&] { return body(index, thread); });
      if (status.ok()) continue;
      std::lock_guard lock(mutex);
      if (!failed.exchange(true)) first_error = std::move(status);
    }
  };
  const int helpers =
      static_cast<int>(std::min<size_t>(count, static_cast<size_t>(std::max(threads, 1)))) - 1;
  std::vector<std::thread> pool;
  try {
    for (int i = 1; i <= helpers; ++i) pool.emplace_back(work, i);
  } catch (const std::system_error&) {  // no more threads: those there are do the work
  }
  work(0);
  for (std::thread& thread : pool) thread.join();
  return first_error;
}

int CoreCount() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace earthcatalog
