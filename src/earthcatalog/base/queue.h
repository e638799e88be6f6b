// The one queue between stages: bounded, named, and counting how often it was full (the consumer is the
// bottleneck) or empty (the producer is). What crosses it are batches, not single items.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "earthcatalog/base/cancel.h"

namespace earthcatalog {

struct QueueStats {
  std::string name;
  uint64_t pushed = 0;
  uint64_t waits_full = 0;   // pushes that had to wait, or could not be done at once
  uint64_t waits_empty = 0;  // pops that had to wait, or found nothing
};

// Any number of producers and consumers. Close() says that nothing more will come; a stopped CancelSource
// ends every waiting call with its error and whatever is still queued is destroyed with the queue.
template <typename T>
class BoundedQueue {
 public:
  // `cancel` outlives the queue.
  BoundedQueue(std::string name, size_t capacity, CancelSource* cancel)
      : capacity_(capacity), cancel_(cancel) {
    stats_.name = std::move(name);
    handle_ = cancel_->AddWakeUp([this] {
      std::lock_guard lock(mutex_);
      Changed();
    });
  }
  ~BoundedQueue() { cancel_->RemoveWakeUp(handle_); }
  BoundedQueue(const BoundedQueue&) = delete;
  BoundedQueue& operator=(const BoundedQueue&) = delete;

  // Waits while the queue is full. Pushing after Close() is a programming error.
  Status Push(T value) {
    std::unique_lock lock(mutex_);
    if (values_.size() >= capacity_) ++stats_.waits_full;
    ARROW_RETURN_NOT_OK(WaitForRoom(&lock));
    Append(std::move(value));
    return Status::OK();
  }

  // Waits until Push() would not have to wait, for the only producer.
  Status WaitForRoom() {
    std::unique_lock lock(mutex_);
    return WaitForRoom(&lock);
  }

  // Takes `value` if there is room now; otherwise leaves it untouched and returns false.
  bool TryPush(T& value) {
    std::lock_guard lock(mutex_);
    if (values_.size() >= capacity_ || cancel_->stopped()) {
      ++stats_.waits_full;
      return false;
    }
    Append(std::move(value));
    return true;
  }

  // Waits for a value; nothing when the queue is closed and drained.
  Result<std::optional<T>> Pop() {
    std::unique_lock lock(mutex_);
    if (values_.empty() && !closed_) {
      ++stats_.waits_empty;
      changed_.wait(lock, [this] { return !values_.empty() || closed_ || cancel_->stopped(); });
    }
    if (cancel_->stopped()) {
      lock.unlock();
      return cancel_->status();
    }
    return TakeFront();
  }

  // The next value if there is one now. `drained()` tells "not yet" from "never".
  std::optional<T> TryPop() {
    std::lock_guard lock(mutex_);
    if (values_.empty() && !closed_) ++stats_.waits_empty;
    return TakeFront();
  }

  bool drained() const {
    std::lock_guard lock(mutex_);
    return closed_ && values_.empty();
  }

  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    Changed();
  }

  // For a thread that waits for more than this queue: `changed` is called after every push, pop, Close() and
  // when the run is stopped, in the thread that did it and under the queue's lock, so it must not block or
  // call back. One watcher per queue; an empty function ends it, and no call is running afterwards.
  void Watch(std::function<void()> changed) {
    std::lock_guard lock(mutex_);
    watcher_ = std::move(changed);
  }

  QueueStats stats() const {
    std::lock_guard lock(mutex_);
    return stats_;
  }

 private:
  // Without the lock when the run is stopped.
  Status WaitForRoom(std::unique_lock<std::mutex>* lock) {
    changed_.wait(*lock, [this] { return values_.size() < capacity_ || cancel_->stopped(); });
    if (!cancel_->stopped()) return Status::OK();
    lock->unlock();
    return cancel_->status();
  }
  std::optional<T> TakeFront() {
    if (values_.empty()) return std::nullopt;
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    Changed();
    return value;
  }
  void Append(T value) {
    values_.push_back(std::move(value));
    ++stats_.pushed;
    Changed();
  }
  void Changed() {
    changed_.notify_all();
    if (watcher_) watcher_();
  }

  const size_t capacity_;
  CancelSource* const cancel_;
  int handle_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> watcher_;
  std::deque<T> values_;
  bool closed_ = false;
  QueueStats stats_;
};

}  // namespace earthcatalog
