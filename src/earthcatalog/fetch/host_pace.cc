#include "earthcatalog/fetch/host_pace.h"

#include <algorithm>

namespace earthcatalog::fetch {
namespace {

constexpr int kFirstLimit = 8;

}  // namespace

HostPace::HostPace(const RetryPolicy& policy, int max_in_flight)
    : max_in_flight_(max_in_flight),
      first_down_rounds_(policy.attempts + 1),
      backoff_(policy),
      limit_(std::min(kFirstLimit, max_in_flight)),
      slow_start_until_(max_in_flight) {}

void HostPace::EndedWell() {
  ever_answered_ = true;
  rounds_ = 0;
  paused_until_ = {};
  if (limit_ >= max_in_flight_) return;
  limit_ = std::min<double>(limit_ + (limit_ < slow_start_until_ ? 1 : 1 / limit_), max_in_flight_);
}

void HostPace::EndedBadly(const Outcome& outcome, Clock::time_point started, Clock::time_point now) {
  ever_answered_ = ever_answered_ || outcome.answered;
  // An error of one object, or of one connection, may well be the object's own.
  const bool of_the_host = outcome.busy || !outcome.answered;
  if (!of_the_host || started <= last_failure_) return;
  last_failure_ = now;
  if (rounds_++ == 0) trouble_since_ = now;
  paused_until_ = down() ? Clock::time_point() : now + backoff_.Pause(rounds_);
  if (outcome.busy) {
    limit_ = slow_start_until_ = std::max(limit_ / 2, 1.0);
  } else {
    // No sign of too many requests: back to where it began, but not below.
    limit_ = std::max(limit_ / 2, std::min<double>(limit_, kFirstLimit));
  }
}

}  // namespace earthcatalog::fetch
