#include "unit/fetch/running.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <tuple>

#include "earthcatalog/fetch/http_fetcher.h"

namespace earthcatalog::fetch {

using std::chrono::milliseconds;

RetryPolicy Impatient() {
  return {.attempts = 4,
          .first_backoff = milliseconds(2),
          .max_backoff = milliseconds(20),
          .connect_timeout = milliseconds(2000),
          .stall_timeout = milliseconds(5000)};
}

RetryPolicy Patient() {
  const milliseconds hour = std::chrono::hours(1);
  return {.attempts = 4,
          .first_backoff = milliseconds(2),
          .max_backoff = hour,
          .connect_timeout = hour,
          .stall_timeout = hour,
          .total_timeout = hour};
}

Options OptionsFor(const std::string& source) {
  Options options;
  options.source = source;
  options.max_in_flight = 8;
  options.retry = Impatient();
  return options;
}

std::vector<inventory::Row> RowsOf(const std::vector<std::string>& keys, const std::string& bucket) {
  std::vector<inventory::Row> rows;
  for (const std::string& key : keys) {
    inventory::Row row;
    row.bucket = bucket;
    row.key = key;
    row.position = static_cast<int64_t>(rows.size()) + 1;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::unique_ptr<Fetcher> ManyHosts(const Options& options, const test::ScriptedServer& server) {
  return MakeHttpFetcher(options,
                         ObjectUrls::S3("http", "us-east-1", fmt::format("localhost:{}", server.port())))
      .ValueOrDie();
}

Running::Running(const Options& options, size_t out_capacity)
    : Running(MakeFetcher(options).ValueOrDie(), out_capacity) {}

Running::Running(std::unique_ptr<Fetcher> fetcher, size_t out_capacity)
    : in_("rows", 1000, &cancel_), out_("bodies", out_capacity, &cancel_), fetcher_(std::move(fetcher)) {
  thread_ = std::thread([this] {
    ended_with_ = fetcher_->Run(&in_, &out_, &cancel_);
    if (!ended_with_.ok()) cancel_.Fail(ended_with_);  // as an ingest does
  });
}

Running::~Running() {
  if (!thread_.joinable()) return;
  cancel_.Fail(Status::Cancelled("the test is over"));
  thread_.join();
}

void Running::Give(std::vector<inventory::Row> rows) {
  EXPECT_TRUE(in_.Push({next_sequence_++, std::move(rows)}).ok());
}

std::optional<Batch> Running::Take() {
  Result<std::optional<Batch>> batch = out_.Pop();
  EXPECT_TRUE(batch.ok()) << batch.status();
  if (batch.ok() && *batch) (*batch)->held.reset();  // as soon as it was its turn, in an ingest
  return batch.ok() ? std::move(*batch) : std::nullopt;
}

std::vector<Batch> Running::TakeRest() {
  EndOfInventory();
  std::vector<Batch> batches;
  while (std::optional<Batch> batch = Take()) batches.push_back(std::move(*batch));
  std::sort(batches.begin(), batches.end(), [](const Batch& a, const Batch& b) {
    return std::tie(a.sequence, a.slice) < std::tie(b.sequence, b.slice);
  });
  return batches;
}

Status Running::Join() {
  thread_.join();
  return ended_with_;
}

bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

Hurry::Hurry(const char* what)
    : thread_([this, what] {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, std::chrono::seconds(30), [this] { return over_; })) return;
        std::fprintf(stderr, "Failure: %s hangs\n", what);
        std::abort();
      }) {}

Hurry::~Hurry() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::vector<Item> FetchAll(const Options& options, std::vector<inventory::Row> rows) {
  Running running(options);
  running.Give(std::move(rows));
  std::vector<Batch> batches = running.TakeRest();
  EXPECT_TRUE(running.Join().ok());
  EXPECT_EQ(batches.size(), 1u);
  return batches.empty() ? std::vector<Item>() : std::move(batches[0].items);
}

Item FetchOne(const Options& options, const std::string& key, const std::string& bucket) {
  std::vector<Item> items = FetchAll(options, RowsOf({key}, bucket));
  EXPECT_EQ(items.size(), 1u);
  return items.empty() ? Item() : std::move(items[0]);
}

std::string KindOf(const Item& item) { return item.failure ? item.failure->kind : ""; }

milliseconds Since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
}

}  // namespace earthcatalog::fetch
