// What a long job tells whoever watches it. The core never prints: the program draws a bar from these, Python
// too.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace earthcatalog {

struct Progress {
  uint64_t rows_read = 0;     // inventory rows read so far
  uint64_t items_done = 0;    // fetched and encoded, or quarantined
  uint64_t items_failed = 0;  // of those, quarantined
  uint64_t items_committed = 0;
  uint64_t commits = 0;
  uint64_t bytes_fetched = 0;  // of the items' bodies
  uint64_t total_items = 0;    // 0 while unknown
};

// Called a few times a second from a thread of the job; must return quickly.
using ProgressCallback = std::function<void(const Progress&)>;

inline constexpr std::chrono::milliseconds kProgressInterval(200);

// When a loop is to call it, that asks at each turn. One thread at a time.
class ProgressPace {
 public:
  // At first, and then once in each interval.
  bool IsDue() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return false;
    next_ = now + kProgressInterval;
    return true;
  }

 private:
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace earthcatalog
