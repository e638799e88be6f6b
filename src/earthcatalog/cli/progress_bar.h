// The progress of a long command on stderr: a bar that redraws itself on a terminal, else a line every few
// seconds.
#pragma once

#include <chrono>
#include <string>

#include "earthcatalog/base/progress.h"

namespace earthcatalog::cli {

// One thread at a time. Clears the bar when destroyed.
class ProgressBar {
 public:
  // `unit`: what the job counts as its items.
  explicit ProgressBar(std::string unit = "items");
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void Update(const Progress& progress);

 private:
  std::string Describe(const Progress& progress) const;

  const std::string unit_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_line_;
  bool drawn_ = false;
};

}  // namespace earthcatalog::cli
