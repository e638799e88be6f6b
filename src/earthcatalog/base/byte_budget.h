// Bytes that may be held at once, by several threads together.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "earthcatalog/base/cancel.h"

namespace earthcatalog {

// Thread-safe. Whoever takes bytes gives them back; the bytes themselves are the callers'.
class ByteBudget {
 public:
  // `cancel` outlives the budget. When it is stopped, every wait ends with its error and takes nothing.
  ByteBudget(int64_t max_bytes, CancelSource* cancel) : max_bytes_(max_bytes), cancel_(cancel) {
    wake_up_ = cancel_->AddWakeUp([this] { Changed(); });
  }
  ~ByteBudget() { cancel_->RemoveWakeUp(wake_up_); }
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  // Before the memory is taken. Waits until the bytes fit, or nothing is held: so what is larger than the
  // whole budget gets in, alone. Who waits is served in no order.
  Status Take(int64_t bytes) {
    return Take(bytes, [] { return false; });
  }

  // As Take(), and without a wait as long as `at_once()`, for what others wait for while they hold the rest.
  // It is asked under the budget's lock: it may take another one, but none that anybody holds who calls the
  // budget. When what it says may have changed, Changed() or Give() is called.
  template <typename AtOnce>
  Status Take(int64_t bytes, AtOnce at_once) {
    std::unique_lock lock(mutex_);
    changed_.wait(
        lock, [&] { return cancel_->stopped() || held_ == 0 || held_ + bytes <= max_bytes_ || at_once(); });
    if (cancel_->stopped()) {
      lock.unlock();
      return cancel_->status();
    }
    held_ += bytes;
    return Status::OK();
  }

  // Of memory that is taken already: it counts, beyond the maximum if need be.
  void Add(int64_t bytes) {
    std::lock_guard lock(mutex_);
    held_ += bytes;
  }

  void Give(int64_t bytes) {
    std::lock_guard lock(mutex_);
    held_ -= bytes;
    changed_.notify_all();
  }

  // Waits until nothing is held.
  Status AwaitEmpty() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return cancel_->stopped() || held_ == 0; });
    lock.unlock();
    return cancel_->status();
  }

  void Changed() {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

 private:
  const int64_t max_bytes_;
  CancelSource* const cancel_;
  int wake_up_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int64_t held_ = 0;
};

}  // namespace earthcatalog
