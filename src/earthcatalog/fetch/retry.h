// How long to wait before asking again.
#pragma once

#include <chrono>
#include <optional>
#include <random>

#include "earthcatalog/fetch/fetcher.h"

namespace earthcatalog::fetch {

// Exponential backoff with full jitter: a random time up to first_backoff * 2^(failures-1), capped by
// max_backoff, so that many clients of a struggling server do not come back at once. One thread.
class Backoff {
 public:
  explicit Backoff(const RetryPolicy& policy) : policy_(policy), random_(std::random_device{}()) {}

  // `failures` so far, at least 1. A server's Retry-After is a lower limit, up to max_backoff.
  std::chrono::milliseconds Delay(int failures, std::optional<std::chrono::seconds> retry_after);

 private:
  const RetryPolicy policy_;
  std::minstd_rand random_;
};

}  // namespace earthcatalog::fetch
