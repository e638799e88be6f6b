// How long to wait before asking again, and whether to ask again at all.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "earthcatalog/base/backoff.h"
#include "earthcatalog/fetch/fetcher.h"

namespace earthcatalog::fetch {

// Exponential backoff with full jitter: a random time up to first_backoff * 2^(failures-1), capped by
// max_backoff, so that many clients of a struggling server do not come back at once. One thread.
class Backoff {
 public:
  explicit Backoff(const RetryPolicy& policy) : policy_(policy) {}

  // `failures` so far, at least 1. A server's Retry-After is a lower limit, up to max_backoff.
  std::chrono::milliseconds Delay(int failures, std::optional<std::chrono::seconds> retry_after);

  // For a host with which nothing goes well: at least half of the longest delay.
  std::chrono::milliseconds Pause(int rounds);

 private:
  std::chrono::milliseconds Longest(int failures) const;

  const RetryPolicy policy_;
  Jitter jitter_;
};

// The run's retries: a half-dead server must not get several times as many requests. A stock for bad moments,
// filled again by a share of each row. One thread.
class RetryBudget {
 public:
  void RowStarted() { left_ = std::min(left_ + kPerRow, kStock); }
  // False when there is none left: the row is given up.
  bool Take() {
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  static constexpr double kStock = 1000;
  static constexpr double kPerRow = 0.5;

  double left_ = kStock;
};

}  // namespace earthcatalog::fetch
