#include "earthcatalog/fetch/schedule.h"

#include <algorithm>

namespace earthcatalog::fetch {
namespace {

// Waiting rows hold no slot, but when there are so many then no new row starts.
constexpr size_t kMaxWaitingPerSlot = 16;
// Hosts that have no rows are forgotten when there are so many.
constexpr size_t kMaxHosts = 1000;

}  // namespace

Schedule::Schedule(const RetryPolicy& policy, int max_in_flight, bool hosts_differ, OpenBatches* batches)
    : policy_(policy),
      max_in_flight_(max_in_flight),
      hosts_differ_(hosts_differ),
      batches_(*batches),
      backoff_(policy) {}

std::optional<Job> Schedule::Next(Clock::time_point now) {
  next_resume_ = Clock::time_point::max();
  if (!waiting_.empty()) MakeReady(now);
  std::optional<Job> job;
  if (!ready_hosts_.empty()) job = NextReady(now);
  if (!job) job = NextNew(now);
  if (!job) return std::nullopt;
  ++in_flight_;
  ++job->host->in_flight;
  return job;
}

Clock::time_point Schedule::next_due() const {
  return waiting_.empty() ? next_resume_ : std::min(next_resume_, waiting_.top().due);
}

bool Schedule::full() const {
  return waiting_.size() + ready_rows_ >= kMaxWaitingPerSlot * static_cast<size_t>(max_in_flight_);
}

void Schedule::Done(const Job& job) {
  job.host->pace.EndedWell();
  last_good_ = Clock::now();
  Leave(job);
}

void Schedule::AskAgain(const Job& job) {
  Leave(job);
  Wait(job, Clock::time_point::min());
}

bool Schedule::Retry(Job job, const Outcome& outcome, std::optional<std::chrono::seconds> retry_after,
                     Clock::time_point started, Clock::time_point now) {
  HostPace& pace = job.host->pace;
  pace.EndedBadly(outcome, started, now);
  Leave(job);
  if (job.failures >= policy_.attempts || pace.down() || !budget_.Take()) return false;
  // Rows that wait for the end of a pause are asked for together: what they meet counts as one round.
  const bool with_the_host = pace.paused_until() > now && !retry_after;
  const Clock::time_point due = now + backoff_.Delay(job.failures, retry_after);
  Wait(job, with_the_host ? pace.paused_until() : std::max(due, pace.paused_until()));
  return true;
}

Host* Schedule::HostOf(const std::string& bucket) {
  if (last_host_ != nullptr && (!hosts_differ_ || bucket == last_bucket_)) return last_host_;
  if (hosts_.size() >= kMaxHosts)
    std::erase_if(hosts_, [](const auto& entry) { return entry.second.rows == 0; });
  last_bucket_ = bucket;
  last_host_ = &hosts_.try_emplace(bucket, Host{.pace = HostPace(policy_, max_in_flight_)}).first->second;
  return last_host_;
}

bool Schedule::MayStart(const Host& host, Clock::time_point now) {
  if (host.pace.paused_until() > now) {
    next_resume_ = std::min(next_resume_, host.pace.paused_until());
    return false;
  }
  if (host.in_flight >= host.pace.limit()) return false;
  // Its share, and of what the others leave all but a quarter.
  return host.in_flight < max_in_flight_ / std::max(active_hosts_, 1) ||
         4 * (max_in_flight_ - in_flight_) > max_in_flight_ || active_hosts_ <= 1;
}

void Schedule::MakeReady(Clock::time_point now) {
  while (!waiting_.empty() && waiting_.top().due <= now) {
    const Job job = waiting_.top().job;
    waiting_.pop();
    SetAside(job);
  }
}

std::optional<Job> Schedule::NextReady(Clock::time_point now) {
  for (size_t i = 0; i < ready_hosts_.size(); ++i) {
    Host* host = ready_hosts_[i];
    const Job job = host->ready.top();
    // Also of a row that was asked before, whose body would be held like any other. When there is no room,
    // the very next row of all has some, and it is the first of its host: so it starts when its time has
    // come.
    if (!MayStart(*host, now) || !batches_.HasRoomFor(job.ticket)) continue;
    host->ready.pop();
    --ready_rows_;
    ready_hosts_.erase(ready_hosts_.begin() + static_cast<ptrdiff_t>(i));
    if (!host->ready.empty()) ready_hosts_.push_back(host);  // the others' turn
    return job;
  }
  return std::nullopt;
}

std::optional<Job> Schedule::NextNew(Clock::time_point now) {
  while (batches_.MayStart() && !full()) {
    Job job{.host = HostOf(batches_.Next().bucket)};
    const bool may_start = MayStart(*job.host, now);
    if (!may_start && !hosts_differ_) break;  // nor may the rows behind it
    job.ticket = batches_.Start();
    budget_.RowStarted();
    Enter(job);
    if (may_start) return job;
    SetAside(job);
  }
  return std::nullopt;
}

void Schedule::SetAside(const Job& job) {
  if (job.host->ready.empty()) ready_hosts_.push_back(job.host);
  job.host->ready.push(job);
  ++ready_rows_;
}

void Schedule::Enter(const Job& job) {
  if (job.host->rows++ == 0) ++active_hosts_;
}

void Schedule::Leave(const Job& job) {
  --in_flight_;
  --job.host->in_flight;
  if (--job.host->rows == 0) --active_hosts_;
}

void Schedule::Wait(const Job& job, Clock::time_point due) {
  Enter(job);
  waiting_.push({due, job});
}

}  // namespace earthcatalog::fetch
