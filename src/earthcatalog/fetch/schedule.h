// Which row to ask for next: hosts with their paces, rows that wait for another attempt or for room at their
// host.
#pragma once

#include <map>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "earthcatalog/fetch/host_pace.h"
#include "earthcatalog/fetch/open_batches.h"
#include "earthcatalog/fetch/retry.h"

namespace earthcatalog::fetch {

struct Host;

// A row on its way through its attempts.
struct Job {
  OpenBatches::Ticket ticket{};
  Host* host = nullptr;
  int failures = 0;
  bool region_corrected = false;
  bool credentials_renewed = false;
  bool refused = false;  // with a signature, so it is asked without one
};

struct LaterRow {
  bool operator()(const Job& a, const Job& b) const { return b.ticket.Before(a.ticket); }
};

struct Host {
  HostPace pace;
  int rows = 0;       // on their way
  int in_flight = 0;  // of these, requests
  // Of these, due, but the host or the memory has no room; the first row on top.
  std::priority_queue<Job, std::vector<Job>, LaterRow> ready{};
};

// One thread. A job that Next() has given is in flight until Done() or Retry().
class Schedule {
 public:
  // `hosts_differ`: each bucket is a host of its own; otherwise one host has all. `batches` outlives it.
  Schedule(const RetryPolicy& policy, int max_in_flight, bool hosts_differ, OpenBatches* batches);

  // The next job to start now, at most max_in_flight at a time: a row whose next attempt is due, else a new
  // one. One host that is slow or dead never has all of the requests while others have rows.
  std::optional<Job> Next(Clock::time_point now);
  // When Next() may have something that it does not have now, if no job ends and no row comes before.
  Clock::time_point next_due() const;
  // Jobs given by Next().
  int in_flight() const { return in_flight_; }
  // So many rows are waiting that no more should be taken from the inventory.
  bool full() const;

  // The server has answered, and needs not be asked again.
  void Done(const Job& job);
  // No request was made.
  void Drop(const Job& job) { Leave(job); }
  // To be asked for again at once, differently.
  void AskAgain(const Job& job);
  // A transient failure of an attempt that began at `started`. Gives whether there will be another one.
  bool Retry(Job job, const Outcome& outcome, std::optional<std::chrono::seconds> retry_after,
             Clock::time_point started, Clock::time_point now);

  // Since when nothing has gone well, with any host.
  Clock::time_point last_good() const { return last_good_; }

 private:
  struct Waiting {
    Clock::time_point due;
    Job job;
    bool operator<(const Waiting& other) const { return due > other.due; }  // the next one on top of the heap
  };

  Host* HostOf(const std::string& bucket);
  bool MayStart(const Host& host, Clock::time_point now);
  void MakeReady(Clock::time_point now);
  std::optional<Job> NextReady(Clock::time_point now);
  std::optional<Job> NextNew(Clock::time_point now);
  void SetAside(const Job& job);
  void Enter(const Job& job);
  void Leave(const Job& job);
  void Wait(const Job& job, Clock::time_point due);

  const RetryPolicy policy_;
  const int max_in_flight_;
  const bool hosts_differ_;
  OpenBatches& batches_;
  Backoff backoff_;
  RetryBudget budget_;
  std::map<std::string, Host> hosts_;
  Host* last_host_ = nullptr;  // of last_bucket_
  std::string last_bucket_;
  int in_flight_ = 0;
  int active_hosts_ = 0;  // with rows on their way
  size_t ready_rows_ = 0;
  std::vector<Host*> ready_hosts_;  // with rows in `ready`
  std::priority_queue<Waiting> waiting_;
  Clock::time_point next_resume_ = Clock::time_point::max();
  Clock::time_point last_good_{};
};

}  // namespace earthcatalog::fetch
