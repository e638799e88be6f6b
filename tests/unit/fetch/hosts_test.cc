// How much a host is asked for: slow start, backing off, outages, and hosts that must not hold up others.
#include <gmock/gmock.h>

#include "earthcatalog/fetch/host_pace.h"
#include "unit/fetch/running.h"

namespace earthcatalog::fetch {
namespace {

using std::chrono::milliseconds;
using test::Reply;
using test::Request;
using test::ScriptedServer;
using testing::HasSubstr;

std::vector<std::string> Numbers(int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back(std::to_string(i));
  return keys;
}

Outcome Busy() { return {.failure = Failure{"http_503", ""}, .transient = true, .busy = true}; }
Outcome Silence() { return {.failure = Failure{"timeout", ""}, .transient = true, .answered = false}; }

TEST(HostPace, StartsSlowlyAndDoublesWithEachRoundThatGoesWell) {
  HostPace pace({}, 64);
  EXPECT_EQ(pace.limit(), 8);
  for (int i = 0; i < 8; ++i) pace.EndedWell();
  EXPECT_EQ(pace.limit(), 16);
  for (int i = 0; i < 1000; ++i) pace.EndedWell();
  EXPECT_EQ(pace.limit(), 64);
}

TEST(HostPace, HalvesOncePerRoundWhenTheServerIsBusyAndGrowsByOneAfterwards) {
  HostPace pace({}, 64);
  for (int i = 0; i < 64; ++i) pace.EndedWell();
  const Clock::time_point start = Clock::now();
  for (int i = 1; i <= 64; ++i) pace.EndedBadly(Busy(), start, start + milliseconds(i));
  EXPECT_EQ(pace.limit(), 32);
  for (int i = 0; i < 33; ++i) pace.EndedWell();
  EXPECT_EQ(pace.limit(), 33);
  for (int round = 1; round < 20; ++round) {
    pace.EndedBadly(Busy(), start + milliseconds(100 * round), start + milliseconds(100 * round + 50));
  }
  EXPECT_EQ(pace.limit(), 1);
}

TEST(HostPace, ASilentHostKeepsTheFirstFewAndIsDownAfterSomeRounds) {
  const RetryPolicy policy;
  HostPace pace(policy, 64);
  Clock::time_point now = Clock::now();
  for (int round = 1; round <= policy.attempts; ++round) {
    now = std::max(now, pace.paused_until()) + milliseconds(1);
    pace.EndedBadly(Silence(), now, now + milliseconds(1));
    EXPECT_FALSE(pace.down());
    EXPECT_GT(pace.paused_until(), now);
  }
  EXPECT_EQ(pace.limit(), 8);
  now = pace.paused_until() + milliseconds(1);
  pace.EndedBadly(Silence(), now, now + milliseconds(1));
  EXPECT_TRUE(pace.down());
  pace.EndedWell();
  EXPECT_FALSE(pace.down());
}

TEST(Hosts, ABusyServerGetsFewRequestsAtATimeAndNothingIsLost) {
  std::atomic<int> at_once{0};
  ScriptedServer server([&](const Request&, int) {
    const bool busy = ++at_once > 4;
    std::this_thread::sleep_for(milliseconds(2));
    --at_once;
    return busy ? Reply{.status = 503, .body = "<Code>SlowDown</Code>"} : Reply{.body = "{}"};
  });
  Options options = OptionsFor(server.url());
  options.max_in_flight = 64;
  options.retry.attempts = 8;
  Running running(options);
  running.Give(RowsOf(Numbers(1000)));
  const std::vector<Batch> batches = running.TakeRest();
  EXPECT_TRUE(running.Join().ok());
  for (const Item& item : batches.at(0).items) EXPECT_EQ(item.body, "{}") << KindOf(item);
  EXPECT_LT(server.most_at_once(), 20);
  EXPECT_LT(running.fetcher().retries(), 600u);
}

TEST(Hosts, ADeadHostDoesNotStallTheOthers) {
  for (const auto manner : {Reply::Manner::kSilent, Reply::Manner::kReset}) {
    ScriptedServer server([&](const Request& request, int) {
      if (request.headers.at("host").starts_with("dead.")) return Reply{.manner = manner};
      return Reply{.body = "{}", .pause = milliseconds(1)};
    });
    Options options;
    options.max_in_flight = 16;
    options.retry = Impatient();
    options.retry.stall_timeout = milliseconds(30'000);
    if (manner == Reply::Manner::kReset) options.retry.stall_timeout = milliseconds(1000);
    Running running(ManyHosts(options, server));
    running.Give(RowsOf(Numbers(60), "dead"));
    for (int i = 0; i < 20; ++i) running.Give(RowsOf(Numbers(50), "live"));
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
      const auto batch = running.Take();
      if (batch && batch->sequence == 0) continue;
      for (const Item& item : batch->items) EXPECT_EQ(item.body, "{}");
    }
    EXPECT_LT(Since(begin).count(), 10'000);
  }
}

TEST(Hosts, RowsOfADeadHostAreQuarantinedWhileTheOthersGoOn) {
  ScriptedServer server([&](const Request& request, int) {
    if (request.headers.at("host").starts_with("dead.")) return Reply{.manner = Reply::Manner::kReset};
    return Reply{.body = "{}", .pause = milliseconds(1)};
  });
  Options options;
  options.max_in_flight = 16;
  options.retry = Impatient();
  std::vector<inventory::Row> rows;
  for (int i = 0; i < 1000; ++i) rows.push_back(RowsOf({std::to_string(i)}, i % 4 == 0 ? "dead" : "live")[0]);
  Running running(ManyHosts(options, server));
  running.Give(std::move(rows));
  const std::vector<Batch> batches = running.TakeRest();
  EXPECT_TRUE(running.Join().ok());
  for (const Item& item : batches.at(0).items) {
    EXPECT_EQ(KindOf(item), item.row.bucket == "dead" ? "connection" : "");
  }
}

TEST(Hosts, AnOutageInTheMiddleOfARunIsWaitedFor) {
  std::atomic<bool> down{false};
  std::atomic<int> answered{0};
  ScriptedServer server([&](const Request&, int) {
    if (down) return Reply{.manner = Reply::Manner::kReset};
    ++answered;
    return Reply{.body = "{}", .pause = milliseconds(1)};
  });
  Options options = OptionsFor(server.url());
  options.retry.attempts = 5;
  options.retry.first_backoff = milliseconds(20);
  options.retry.max_backoff = milliseconds(500);
  Running running(options);
  for (int i = 0; i < 40; ++i) running.Give(RowsOf(Numbers(50)));
  running.EndOfInventory();
  while (answered < 300) std::this_thread::sleep_for(milliseconds(1));
  down = true;
  std::this_thread::sleep_for(milliseconds(1500));
  down = false;
  size_t bodies = 0, failures = 0;
  while (const auto batch = running.Take()) {
    for (const Item& item : batch->items) ++(item.failure ? failures : bodies);
  }
  EXPECT_TRUE(running.Join().ok());
  EXPECT_EQ(bodies + failures, 2000u);
  EXPECT_LE(failures, 24u);  // those few whose turn it was to find out
}

TEST(Hosts, AnOutageThatDoesNotEndEndsTheRun) {
  ScriptedServer server([](const Request&, int) { return Reply{.manner = Reply::Manner::kReset}; });
  Running running(OptionsFor(server.url()));
  running.Give(RowsOf(Numbers(200)));
  const Status status = running.Join();
  EXPECT_THAT(status.message(), HasSubstr("the network or the server is down"));
  EXPECT_LT(server.requests().size(), 200u);
}

TEST(RetryBudget, AHalfDeadServerDoesNotGetManyTimesTheRequests) {
  RetryBudget budget;
  int retries = 0;
  for (int row = 0; row < 10'000; ++row) {
    budget.RowStarted();
    for (int attempt = 0; attempt < 4 && budget.Take(); ++attempt) ++retries;
  }
  EXPECT_GE(retries, 5000);
  EXPECT_LE(retries, 6001);
}

TEST(Hosts, WithoutRetriesLeftEveryRowIsStillAskedForOnce) {
  ScriptedServer server([](const Request& request, int) {  // every second row for ever
    const bool bad = (request.target.back() - '0') % 2 == 0;
    return bad ? Reply{.status = 500} : Reply{.body = "{}"};
  });
  Options options = OptionsFor(server.url());
  options.retry.attempts = 20;
  const std::vector<Item> items = FetchAll(options, RowsOf(Numbers(1000)));
  for (size_t i = 0; i < items.size(); ++i) EXPECT_EQ(KindOf(items[i]), i % 2 == 0 ? "http_500" : "") << i;
  EXPECT_LE(server.requests().size(), 1000u + 1000 + 500);
}

}  // namespace
}  // namespace earthcatalog::fetch
