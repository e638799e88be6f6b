// The one way a run ends early. Whoever fails, or the user's Ctrl-C, calls Fail(); every stage sees it at its
// next queue operation, wait or loop turn, and unwinds with the first error.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include "earthcatalog/base/status.h"

namespace earthcatalog {

// Thread-safe. Outlives everything that holds a reference to it.
class CancelSource {
 public:
  CancelSource() = default;
  CancelSource(const CancelSource&) = delete;
  CancelSource& operator=(const CancelSource&) = delete;

  // Stops the run. The first error is kept, later ones are dropped. Runs the wake-ups in the calling thread.
  void Fail(Status error);

  bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }

  // OK while running, the first error afterwards.
  Status status() const;

  // `wake` is called once, on Fail(), from the failing thread; it must not block or call back into this
  // object. Returns a handle for RemoveWakeUp, which waits for a running call.
  int AddWakeUp(std::function<void()> wake);
  void RemoveWakeUp(int handle);

 private:
  std::atomic<bool> stopped_{false};
  mutable std::mutex mutex_;
  Status error_;
  std::map<int, std::function<void()>> wake_ups_;
  int next_handle_ = 0;
};

}  // namespace earthcatalog
