#include "earthcatalog/fetch/retry.h"

#include <algorithm>

#include "earthcatalog/base/backoff.h"

namespace earthcatalog::fetch {

using std::chrono::milliseconds;

milliseconds Backoff::Longest(int failures) const {
  return LongestWait(policy_.first_backoff, policy_.max_backoff, failures);
}

milliseconds Backoff::Pause(int rounds) {
  const int64_t longest = Longest(rounds).count();
  return milliseconds(std::uniform_int_distribution<int64_t>(longest / 2, longest)(random_));
}

milliseconds Backoff::Delay(int failures, std::optional<std::chrono::seconds> retry_after) {
  const milliseconds delay(std::uniform_int_distribution<int64_t>(0, Longest(failures).count())(random_));
  if (!retry_after) return delay;
  // Compared in seconds first: the header's number may be too large for milliseconds.
  const auto cap = policy_.max_backoff;
  const milliseconds asked =
      *retry_after > std::chrono::ceil<std::chrono::seconds>(cap) ? cap : milliseconds(*retry_after);
  return std::max(delay, std::min(asked, cap));
}

}  // namespace earthcatalog::fetch
