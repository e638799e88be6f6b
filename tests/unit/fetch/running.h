// Runs a fetcher over given rows, as an ingest does: a thread of its own between two queues.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "earthcatalog/fetch/fetcher.h"
#include "support/scripted_server.h"

namespace earthcatalog::fetch {

// Retries within milliseconds.
RetryPolicy Impatient();
Options OptionsFor(const std::string& source);
// Waits an hour before anything ends or begins by itself: what happens in a test does so for another reason.
RetryPolicy Patient();

std::vector<inventory::Row> RowsOf(const std::vector<std::string>& keys,
                                   const std::string& bucket = "bucket");

// Each bucket is a host of its own.
std::unique_ptr<Fetcher> ManyHosts(const Options& options, const test::ScriptedServer& server);

// A fetcher at work. Stops it when destroyed, if it has not ended.
class Running {
 public:
  explicit Running(const Options& options, size_t out_capacity = 100);
  Running(std::unique_ptr<Fetcher> fetcher, size_t out_capacity = 100);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void Give(std::vector<inventory::Row> rows);
  void EndOfInventory() { in_.Close(); }
  // The next batch or slice, released; nothing at the end.
  std::optional<Batch> Take();
  // Ends the inventory and takes all that is left, ordered by sequence and slice.
  std::vector<Batch> TakeRest();
  Status Join();

  CancelSource& cancel() { return cancel_; }
  QueueStats in_stats() const { return in_.stats(); }
  QueueStats out_stats() const { return out_.stats(); }
  Fetcher& fetcher() { return *fetcher_; }

 private:
  CancelSource cancel_;
  BoundedQueue<inventory::Batch> in_;
  BoundedQueue<Batch> out_;
  std::unique_ptr<Fetcher> fetcher_;
  uint64_t next_sequence_ = 0;
  Status ended_with_;
  std::thread thread_;
};

// Waits until `condition` holds, a minute at most, which is against a hang only.
bool Eventually(const std::function<bool()>& condition);

// Ends the program, and with it the test, when it still lives after half a minute: what is to take
// milliseconds hangs then. A fetcher whose thread nobody wakes looks around every minute, so it is found out.
class Hurry {
 public:
  explicit Hurry(const char* what);
  ~Hurry();
  Hurry(const Hurry&) = delete;
  Hurry& operator=(const Hurry&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

// The items of one batch of these rows.
std::vector<Item> FetchAll(const Options& options, std::vector<inventory::Row> rows);
Item FetchOne(const Options& options, const std::string& key, const std::string& bucket = "bucket");

// "" for an item with a body.
std::string KindOf(const Item& item);

std::chrono::milliseconds Since(std::chrono::steady_clock::time_point begin);

}  // namespace earthcatalog::fetch
