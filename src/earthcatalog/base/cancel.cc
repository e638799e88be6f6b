#include "earthcatalog/base/cancel.h"

namespace earthcatalog {

void CancelSource::Fail(Status error) {
  std::lock_guard lock(mutex_);
  if (stopped_.load(std::memory_order_relaxed)) return;
  error_ = std::move(error);
  stopped_.store(true, std::memory_order_release);
  for (const auto& [handle, wake] : wake_ups_) wake();
}

Status CancelSource::status() const {
  if (!stopped()) return Status::OK();
  std::lock_guard lock(mutex_);
  return error_;
}

int CancelSource::AddWakeUp(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  if (stopped()) wake();
  const int handle = next_handle_++;
  wake_ups_.emplace(handle, std::move(wake));
  return handle;
}

void CancelSource::RemoveWakeUp(int handle) {
  std::lock_guard lock(mutex_);
  wake_ups_.erase(handle);
}

}  // namespace earthcatalog
