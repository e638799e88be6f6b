// Threads that belong to one run: each ends with a Status, the first error stops the run. What a body throws
// is an error like any other.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "earthcatalog/base/cancel.h"

namespace earthcatalog {

// Joins its threads at the latest when destroyed. Used by one thread.
class ThreadGroup {
 public:
  // `cancel` outlives the group; a thread that returns an error stops it.
  explicit ThreadGroup(CancelSource* cancel) : cancel_(cancel) {}
  ~ThreadGroup() { Join(); }
  ThreadGroup(const ThreadGroup&) = delete;
  ThreadGroup& operator=(const ThreadGroup&) = delete;

  // When the system gives no further thread, that stops the run.
  void Start(std::function<Status()> body);
  void Join();

 private:
  CancelSource* const cancel_;
  std::vector<std::thread> threads_;
};

// Calls body(index, thread) for every index in [0, count), spread over at most `threads` threads (numbered
// from 0), over fewer when the system gives no more. Ends early with the first error or when `cancel` is
// stopped; does not stop `cancel` itself.
Status ParallelFor(size_t count, int threads, const CancelSource& cancel,
                   const std::function<Status(size_t index, int thread)>& body);

// The number of cores this process may use.
int CoreCount();

}  // namespace earthcatalog
