#include "earthcatalog/fetch/retry.h"

#include <algorithm>

namespace earthcatalog::fetch {

using std::chrono::milliseconds;

milliseconds Backoff::Longest(int failures) const {
  return LongestWait(policy_.first_backoff, policy_.max_backoff, failures);
}

milliseconds Backoff::Pause(int rounds) { return jitter_.Half(Longest(rounds)); }

milliseconds Backoff::Delay(int failures, std::optional<std::chrono::seconds> retry_after) {
  const milliseconds delay = jitter_.Full(Longest(failures));
  if (!retry_after) return delay;
  // Compared in seconds first: the header's number may be too large for milliseconds.
  const auto cap = policy_.max_backoff;
  const milliseconds asked =
      *retry_after > std::chrono::ceil<std::chrono::seconds>(cap) ? cap : milliseconds(*retry_after);
  return std::max(delay, std::min(asked, cap));
}

}  // namespace earthcatalog::fetch
