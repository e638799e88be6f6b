#include "earthcatalog/base/backoff.h"

#include <algorithm>
#include <cstdint>
#include <thread>

namespace earthcatalog {

using std::chrono::milliseconds;

milliseconds LongestWait(milliseconds first, milliseconds max, int failures) {
  auto longest = std::min(first, max);
  for (int i = 1; i < failures && longest < max; ++i) longest = std::min(2 * longest, max);
  return longest;
}

milliseconds Jitter::Full(milliseconds longest) {
  return milliseconds(std::uniform_int_distribution<int64_t>(0, longest.count())(random_));
}

milliseconds Jitter::Half(milliseconds longest) {
  return milliseconds(std::uniform_int_distribution<int64_t>(longest.count() / 2, longest.count())(random_));
}

void WaitBeforeAttempt(milliseconds first, milliseconds max, int failures) {
  thread_local Jitter jitter;
  std::this_thread::sleep_for(jitter.Half(LongestWait(first, max, failures)));
}

}  // namespace earthcatalog
