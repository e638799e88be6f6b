// Ctrl-C and SIGTERM as a clean stop.
#pragma once

#include <memory>

#include "earthcatalog/base/cancel.h"

namespace earthcatalog::cli {

// While it lives, the first SIGINT or SIGTERM stops `cancel` (kInterrupted); a second one ends the process at
// once. One at a time in a process.
class StopOnSignal {
 public:
  explicit StopOnSignal(CancelSource* cancel);
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace earthcatalog::cli
