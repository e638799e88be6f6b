// How many requests a host gets at a time, and when: few at first, more while it goes well, fewer when it
// says that it is too much, hardly any while it is in trouble.
#pragma once

#include "earthcatalog/fetch/outcome.h"
#include "earthcatalog/fetch/retry.h"
#include "earthcatalog/fetch/socket_loop.h"

namespace earthcatalog::fetch {

// One thread.
class HostPace {
 public:
  HostPace(const RetryPolicy& policy, int max_in_flight);

  // Requests that may be in flight now.
  int limit() const { return static_cast<int>(limit_); }
  // Nothing starts before.
  Clock::time_point paused_until() const { return paused_until_; }

  void EndedWell();
  // A transient failure of a request that began at `started`.
  void EndedBadly(const Outcome& outcome, Clock::time_point started, Clock::time_point now);

  // In trouble: since `trouble_since` nothing has gone well. Its rows' next attempts wait for the end of the
  // pause, which grows with each round.
  bool in_trouble() const { return rounds_ > 0; }
  Clock::time_point trouble_since() const { return trouble_since_; }
  // So long that more rows are not worth the wait. Ends when something goes well.
  bool down() const { return rounds_ >= (ever_answered_ ? kDownRounds : first_down_rounds_); }

 private:
  // With the usual policy some two minutes.
  static constexpr int kDownRounds = 14;

  const int max_in_flight_;
  // Of a host that never said anything: the few rows that fit one round have had all their attempts before.
  const int first_down_rounds_;
  Backoff backoff_;
  double limit_;
  double slow_start_until_;  // above, the limit grows by one for each `limit` requests instead of each one
  bool ever_answered_ = false;
  int rounds_ = 0;  // of failures, with nothing that went well in between
  Clock::time_point trouble_since_;
  Clock::time_point last_failure_;  // requests that began before say nothing new
  Clock::time_point paused_until_;
};

}  // namespace earthcatalog::fetch
