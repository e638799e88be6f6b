// How long to wait before another attempt.
#pragma once

#include <algorithm>
#include <chrono>

namespace earthcatalog {

// `first`, doubled with each of the `failures` (at least 1) after the first one, up to `max`. Who waits takes
// a random part of it, so that many clients of a struggling server do not come back at once.
inline std::chrono::milliseconds LongestWait(std::chrono::milliseconds first, std::chrono::milliseconds max,
                                             int failures) {
  auto longest = std::min(first, max);
  for (int i = 1; i < failures && longest < max; ++i) longest = std::min(2 * longest, max);
  return longest;
}

}  // namespace earthcatalog
