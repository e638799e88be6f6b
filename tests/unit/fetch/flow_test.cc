// The flow of batches: order, memory, full queues, and stopping.
#include <gmock/gmock.h>

#include <fstream>
#include <random>

#include "unit/fetch/running.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::fetch {
namespace {

using std::chrono::milliseconds;
using test::Reply;
using test::Request;
using test::ScriptedServer;
using testing::SizeIs;
using Manner = Reply::Manner;

std::vector<std::string> Keys(int count, const std::string& prefix = "k") {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back(prefix + std::to_string(i));
  return keys;
}

// Waits until `condition` holds, at most ten seconds.
template <typename Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return condition();
}

TEST(Flow, ABatchIsHandedOnWhenItsLastRowIsDone) {
  ScriptedServer server([](const Request& request, int) {
    return Reply{.body = "{}", .pause = milliseconds(request.target == "/bucket/slow" ? 400 : 0)};
  });
  Running running(OptionsFor(server.url()));
  running.Give(RowsOf({"slow", "a"}));
  running.Give(RowsOf({"b", "c"}));
  EXPECT_EQ(running.Take()->sequence, 1u);
  EXPECT_EQ(running.Take()->sequence, 0u);
}

TEST(Flow, RowsThatComeLaterAreFetchedAtOnce) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = "{}"}; });
  Running running(OptionsFor(server.url()));
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(milliseconds(30));
    const auto begin = std::chrono::steady_clock::now();
    running.Give(RowsOf({"a"}));
    ASSERT_TRUE(running.Take());
    EXPECT_LT(Since(begin).count(), 2000);  // no timer has to run out first
  }
}

TEST(Flow, TransfersGoOnWhileTheNextStageIsBusy) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = "{}"}; });
  Running running(OptionsFor(server.url()), 1);
  for (int i = 0; i < 20; ++i) running.Give(RowsOf(Keys(5)));
  EXPECT_TRUE(Eventually([&] { return server.requests().size() == 100; }));
  EXPECT_THAT(running.TakeRest(), SizeIs(20));
}

TEST(Flow, NoRequestStartsAboveTheMemoryLimit) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = std::string(10'000, 'x')}; });
  Options options = OptionsFor(server.url());
  options.max_buffered_bytes = 200'000;
  Running running(options, 1);
  for (int i = 0; i < 50; ++i) running.Give(RowsOf(Keys(10)));
  std::this_thread::sleep_for(milliseconds(300));
  // One batch is in the queue; the limit's 20 bodies, the requests in flight and a batch's end may be added.
  EXPECT_LE(server.requests().size(), 10u + 20 + 8 + 10);
  EXPECT_THAT(running.TakeRest(), SizeIs(50));
}

// Also of one batch, when its items are much larger than expected.
TEST(Flow, APartThatNobodyTakesStopsTheRequestsOfItsBatch) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = std::string(10'000, 'x')}; });
  Options options = OptionsFor(server.url());
  options.max_buffered_bytes = 100'000;
  options.part_bytes = 5'000;
  Running running(options, 100);
  running.Give(RowsOf(Keys(200)));
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_LE(server.requests().size(), 10u + 8);
  const std::vector<Batch> parts = running.TakeRest();
  ASSERT_THAT(parts, SizeIs(200));
  EXPECT_EQ(parts[199].items[0].row.key, "k199");
}

TEST(Flow, TheInventorysSizesCountBeforeTheBytesCome) {
  ScriptedServer server([](const Request&, int) {
    return Reply{.body = std::string(10'000, 'x'), .pause = milliseconds(200)};
  });
  Options options = OptionsFor(server.url());
  options.max_buffered_bytes = 30'000;
  Running running(options);
  for (int i = 0; i < 8; ++i) {
    std::vector<inventory::Row> rows = RowsOf({"a"});
    rows[0].size = 10'000;
    running.Give(rows);
  }
  EXPECT_THAT(running.TakeRest(), SizeIs(8));
  EXPECT_LE(server.most_at_once(), 4);
}

TEST(Flow, AbsurdSizesInTheInventoryDoNoHarm) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = "{}", .manner = Manner::kChunked}; });
  std::vector<inventory::Row> rows = RowsOf(Keys(4));
  rows[0].size = std::numeric_limits<int64_t>::max();
  rows[1].size = std::numeric_limits<int64_t>::min();
  rows[2].size = 1;
  rows[3].size = 64 << 20;
  for (const Item& item : FetchAll(OptionsFor(server.url()), rows)) EXPECT_EQ(item.body, "{}");
}

TEST(Flow, ABatchLargerThanTheMemoryLimitStillEnds) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = std::string(10'000, 'x')}; });
  Options options = OptionsFor(server.url());
  for (const int64_t limit : {1, 50'000}) {
    options.max_buffered_bytes = limit;
    Running running(options, 1);
    for (int i = 0; i < 4; ++i) running.Give(RowsOf(Keys(50)));
    for (const Batch& batch : running.TakeRest()) EXPECT_THAT(batch.items, SizeIs(50));
    EXPECT_TRUE(running.Join().ok());
  }
}

// Everything at once, with a consumer that is sometimes slow: each row comes out once, with its own body or
// failure.
TEST(Flow, NothingIsLostOrMixedUpUnderRandomTrouble) {
  ScriptedServer server([](const Request& request, int nth) {
    const size_t random = std::hash<std::string>()(request.target + std::to_string(nth));
    Reply reply{.body = request.target};
    switch (random % 16) {
      case 0:
        return Reply{.status = 503};
      case 1:
        return Reply{.status = 404};
      case 2:
        reply.manner = Manner::kReset;
        return reply;
      case 3:
        reply.manner = Manner::kTruncated;
        return reply;
      case 4:
        reply.manner = Manner::kStall;
        return reply;
      case 5:
        reply.manner = Manner::kChunked;
        return reply;
      case 6:
        reply.pause = milliseconds(random / 16 % 30);
        return reply;
      default:
        return reply;
    }
  });
  Options options = OptionsFor(server.url());
  options.max_buffered_bytes = 20'000;
  options.part_bytes = 200;  // some ten items
  options.max_in_flight = 16;
  options.retry.stall_timeout = milliseconds(50);
  Running running(options, 2);
  std::mt19937 random(7);
  size_t rows = 0;
  for (int i = 0; i < 60; ++i) {
    const int count = static_cast<int>(1 + random() % 40);
    rows += static_cast<size_t>(count);
    running.Give(RowsOf(Keys(count, fmt::format("{}/", i))));
  }
  running.EndOfInventory();
  struct Seen {
    uint32_t parts = 0;
    size_t rows = 0;
  };
  std::map<uint64_t, Seen> seen;
  size_t bodies = 0, failures = 0, last_parts = 0;
  while (const auto batch = running.Take()) {
    Seen& batch_so_far = seen[batch->sequence];
    EXPECT_EQ(batch->part, batch_so_far.parts++);
    last_parts += batch->last ? 1 : 0;
    for (const Item& item : batch->items) {
      EXPECT_EQ(item.row.key, fmt::format("{}/{}", batch->sequence, batch_so_far.rows++));
      if (item.failure) {
        ++failures;
        EXPECT_EQ(item.body, "");
      } else {
        ++bodies;
        EXPECT_EQ(item.body, "/bucket/" + item.row.key);
      }
    }
    if (random() % 8 == 0) std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_TRUE(running.Join().ok());
  EXPECT_THAT(seen, SizeIs(60));
  EXPECT_EQ(last_parts, 60u);
  EXPECT_EQ(bodies + failures, rows);
  EXPECT_GT(failures, 0u);
  EXPECT_LT(failures, rows / 4);
}

// Stopping, in each of the states a run can be in.
void ExpectPromptEnd(Running* running) {
  const auto begin = std::chrono::steady_clock::now();
  running->cancel().Fail(Status::Cancelled("enough"));
  const Status status = running->Join();
  EXPECT_LT(Since(begin).count(), 500);  // a few milliseconds, on a machine that is not busy
  EXPECT_EQ(status.message(), "enough");
}

TEST(Stop, WhileNothingHappens) {
  Running running(OptionsFor("http://127.0.0.1:1"));
  std::this_thread::sleep_for(milliseconds(50));
  ExpectPromptEnd(&running);
}

TEST(Stop, DuringTransfers) {
  ScriptedServer server([](const Request& request, int) {
    if (request.target.find("/k1") != std::string::npos) return Reply{.body = "{}"};  // or few would start
    const bool silent = request.target.back() % 2 == 0;
    return Reply{.body = std::string(5000, 'x'), .manner = silent ? Manner::kSilent : Manner::kStall};
  });
  Options options = OptionsFor(server.url());
  options.max_in_flight = 64;
  Running running(options);
  running.Give(RowsOf(Keys(200, "k1")));
  running.Give(RowsOf(Keys(200, "bad")));
  EXPECT_TRUE(Eventually([&] { return server.most_at_once() == 64; }));
  ExpectPromptEnd(&running);
}

TEST(Stop, WhileTheOutputIsFull) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = "{}"}; });
  Running running(OptionsFor(server.url()), 1);
  for (int i = 0; i < 10; ++i) running.Give(RowsOf(Keys(3)));
  EXPECT_TRUE(Eventually([&] { return server.requests().size() == 30; }));
  ExpectPromptEnd(&running);
}

TEST(Stop, WhileWaitingForARetry) {
  ScriptedServer server(
      [](const Request&, int) { return Reply{.status = 503, .headers = {"Retry-After: 60"}}; });
  Options options = OptionsFor(server.url());
  options.retry.max_backoff = milliseconds(60'000);
  Running running(options);
  running.Give(RowsOf(Keys(3)));
  EXPECT_TRUE(Eventually([&] { return server.requests().size() == 3; }));
  ExpectPromptEnd(&running);
}

TEST(Stop, WhileConnecting) {
  const test::DeafServer server;
  Options options = OptionsFor(server.url());
  options.retry.connect_timeout = milliseconds(60'000);
  Running running(options);
  running.Give(RowsOf(Keys(3)));
  std::this_thread::sleep_for(milliseconds(100));
  ExpectPromptEnd(&running);
}

TEST(Stop, WhileResolvingAName) {
  Running running(OptionsFor("http://no-such-host.invalid"));
  running.Give(RowsOf(Keys(3)));
  ExpectPromptEnd(&running);
}

TEST(Stop, BeforeTheStart) {
  CancelSource cancel;
  cancel.Fail(Status::Cancelled("enough"));
  BoundedQueue<inventory::Batch> in("in", 1, &cancel);
  BoundedQueue<Batch> out("out", 1, &cancel);
  test::TempFolder folder;
  for (const std::string& source : {std::string("http://127.0.0.1:1"), folder.path()}) {
    EXPECT_EQ(MakeFetcher(OptionsFor(source)).ValueOrDie()->Run(&in, &out, &cancel).message(), "enough");
  }
}

TEST(Stop, ADirectoryWhoseReaderWaits) {
  test::TempFolder folder;
  std::filesystem::create_directory(folder / "bucket");
  folder.Write("bucket/a", "{}");
  {
    Running idle(OptionsFor(folder.path()));
    std::this_thread::sleep_for(milliseconds(50));
    ExpectPromptEnd(&idle);
  }
  Running full(OptionsFor(folder.path()), 1);
  for (int i = 0; i < 10; ++i) full.Give(RowsOf({"a", "a"}));
  std::this_thread::sleep_for(milliseconds(50));
  ExpectPromptEnd(&full);
}

}  // namespace
}  // namespace earthcatalog::fetch
