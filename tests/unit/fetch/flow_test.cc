// The flow of batches: order, memory, full queues, and stopping.
#include <gmock/gmock.h>

#include <future>
#include <random>

#include "unit/fetch/held_resolver.h"
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

// Whether the fetcher has everything that it asked for, and asks for no more: a fetcher that still starts
// requests has some under way whenever one looks.
bool Settles(Running* running, const ScriptedServer& server, size_t body_bytes) {
  constexpr int kLooks = 50;
  int quiet = 0;
  size_t before = 0;
  return Eventually([&] {
    const size_t requests = server.requests().size();
    const bool all_there = running->fetcher().bytes_fetched() == requests * body_bytes;
    quiet = all_there && requests == before && requests > 0 ? quiet + 1 : 0;
    before = requests;
    return quiet == kLooks;
  });
}

TEST(Flow, ABatchIsHandedOnWhenItsLastRowIsDone) {
  std::promise<void> gate;
  ScriptedServer server([opened = gate.get_future().share()](const Request& request, int) {
    if (request.target == "/bucket/slow") opened.wait();
    return Reply{.body = "{}"};
  });
  Options options = OptionsFor(server.url());
  options.retry = Patient();
  Running running(options);
  running.Give(RowsOf({"slow", "a"}));
  running.Give(RowsOf({"b", "c"}));
  const Hurry hurry("the batch that is complete");
  EXPECT_EQ(running.Take()->sequence, 1u);
  gate.set_value();
  EXPECT_EQ(running.Take()->sequence, 0u);
}

// No timer has to run out first.
TEST(Flow, RowsThatComeLaterAreFetchedAtOnce) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = "{}"}; });
  Options options = OptionsFor(server.url());
  options.retry = Patient();
  Running running(options);
  uint64_t found_nothing = 0;
  for (int i = 0; i < 5; ++i) {
    // It has looked for more rows in vain.
    ASSERT_TRUE(Eventually([&] { return running.in_stats().waits_empty > found_nothing; }));
    found_nothing = running.in_stats().waits_empty;
    const Hurry hurry("a row that came later");
    running.Give(RowsOf({"a"}));
    ASSERT_TRUE(running.Take());
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
  ASSERT_TRUE(Settles(&running, server, 10'000));
  EXPECT_GE(server.requests().size(), 20u);
  // One batch is in the queue; the limit's 20 bodies, the requests in flight and a batch's end may be added.
  EXPECT_LE(server.requests().size(), 10u + 20 + 8 + 10);
  EXPECT_THAT(running.TakeRest(), SizeIs(50));
}

// Also of one batch, when its items are much larger than expected.
TEST(Flow, APartThatNobodyTakesStopsTheRequestsOfItsBatch) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = std::string(10'000, 'x')}; });
  Options options = OptionsFor(server.url());
  options.max_buffered_bytes = 100'000;
  options.slice_bytes = 5'000;
  Running running(options, 100);
  running.Give(RowsOf(Keys(200)));
  ASSERT_TRUE(Settles(&running, server, 10'000));
  EXPECT_GE(server.requests().size(), 5u);
  EXPECT_LE(server.requests().size(), 10u + 8);
  const std::vector<Batch> slices = running.TakeRest();
  ASSERT_THAT(slices, SizeIs(200));
  EXPECT_EQ(slices[199].items[0].row.key, "k199");
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
  EXPECT_THAT(server.most_at_once(), testing::AllOf(testing::Ge(2), testing::Le(4)));
}

TEST(Flow, AbsurdSizesInTheInventoryDoNoHarm) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = "{}", .manner = Manner::kChunked}; });
  std::vector<inventory::Row> rows = RowsOf(Keys(4));
  rows[0].size = std::numeric_limits<int64_t>::max();
  rows[1].size = std::numeric_limits<int64_t>::min();
  rows[2].size = 1;
  rows[3].size = 64 << 20;
  const std::vector<Item> items = FetchAll(OptionsFor(server.url()), rows);
  ASSERT_THAT(items, SizeIs(4));
  for (const Item& item : items) EXPECT_EQ(item.body, "{}");
}

TEST(Flow, ABatchLargerThanTheMemoryLimitStillEnds) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = std::string(10'000, 'x')}; });
  Options options = OptionsFor(server.url());
  options.retry = Patient();
  for (const int64_t limit : {1, 50'000}) {
    options.max_buffered_bytes = limit;
    Running running(options, 1);
    for (int i = 0; i < 4; ++i) running.Give(RowsOf(Keys(50, fmt::format("{}/", i))));
    const Hurry hurry("a batch larger than the limit");
    const std::vector<Batch> batches = running.TakeRest();
    EXPECT_TRUE(running.Join().ok());
    ASSERT_THAT(batches, SizeIs(4));
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(batches[i].sequence, i);
      ASSERT_THAT(batches[i].items, SizeIs(50));
      for (size_t row = 0; row < 50; ++row) {
        const Item& item = batches[i].items[row];
        EXPECT_EQ(item.row.key, fmt::format("{}/{}", i, row));
        EXPECT_THAT(item.body, SizeIs(10'000)) << KindOf(item);
      }
    }
  }
  EXPECT_THAT(server.requests(), SizeIs(2 * 4 * 50));
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
        // Few: each takes the whole time after which it is one.
        if (random / 16 % 16 == 0) reply.manner = Manner::kStall;
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
  options.slice_bytes = 200;  // some ten items
  options.max_in_flight = 16;
  // Much more than an answer takes on a busy machine: too many that come too late are an outage.
  options.retry.stall_timeout = milliseconds(1000);
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
    uint32_t slices = 0;
    size_t rows = 0;
  };
  std::map<uint64_t, Seen> seen;
  size_t bodies = 0, failures = 0, last_slices = 0;
  while (const auto batch = running.Take()) {
    Seen& batch_so_far = seen[batch->sequence];
    EXPECT_EQ(batch->slice, batch_so_far.slices++);
    last_slices += batch->last ? 1 : 0;
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
  EXPECT_EQ(last_slices, 60u);
  EXPECT_EQ(bodies + failures, rows);
  EXPECT_GT(failures, 0u);
  EXPECT_LT(failures, rows / 4);
}

// Stopping, in each of the states a run can be in. Nothing in these runs ends by itself: not the answers, not
// the pauses, so a run that ends has waited for none of it.
Options Endless(const std::string& source) {
  Options options = OptionsFor(source);
  options.retry = Patient();
  return options;
}

void ExpectEnd(Running* running) {
  const Hurry hurry("a run that is stopped");
  running->cancel().Fail(Status::Cancelled("enough"));
  EXPECT_EQ(running->Join().message(), "enough");
}

TEST(Stop, WhileNothingHappens) {
  Running running(Endless("http://127.0.0.1:1"));
  EXPECT_TRUE(Eventually([&] { return running.in_stats().waits_empty > 0; }));
  ExpectEnd(&running);
}

TEST(Stop, DuringTransfers) {
  ScriptedServer server([](const Request& request, int) {
    if (request.target.find("/k1") != std::string::npos) return Reply{.body = "{}"};  // or few would start
    const bool silent = request.target.back() % 2 == 0;
    return Reply{.body = std::string(5000, 'x'), .manner = silent ? Manner::kSilent : Manner::kStall};
  });
  Options options = Endless(server.url());
  options.max_in_flight = 64;
  Running running(options);
  running.Give(RowsOf(Keys(200, "k1")));
  running.Give(RowsOf(Keys(200, "bad")));
  EXPECT_TRUE(Eventually([&] { return server.requests().size() == 200 + 64; }));
  ExpectEnd(&running);
  EXPECT_THAT(server.requests(), SizeIs(200 + 64));
}

TEST(Stop, WhileTheOutputIsFull) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = "{}"}; });
  Running running(Endless(server.url()), 1);
  for (int i = 0; i < 10; ++i) running.Give(RowsOf(Keys(3)));
  EXPECT_TRUE(Eventually([&] { return server.requests().size() == 30; }));
  EXPECT_TRUE(Eventually([&] { return running.out_stats().waits_full > 0; }));
  ExpectEnd(&running);
  EXPECT_EQ(running.out_stats().pushed, 1u);
}

TEST(Stop, WhileWaitingForARetry) {
  ScriptedServer server(
      [](const Request&, int) { return Reply{.status = 503, .headers = {"Retry-After: 3600"}}; });
  Running running(Endless(server.url()));
  running.Give(RowsOf(Keys(3)));
  EXPECT_TRUE(Eventually([&] { return running.fetcher().retries() == 3; }));
  ExpectEnd(&running);
  EXPECT_THAT(server.requests(), SizeIs(3));
}

TEST(Stop, WhileConnecting) {
  const test::DeafServer server;
  Running running(Endless(server.url()));
  running.Give(RowsOf(Keys(3)));
  EXPECT_TRUE(Eventually([&] { return server.clients() == 3; }));
  ExpectEnd(&running);
}

TEST(Stop, WhileResolvingAName) {
  const HeldResolver resolver("no-such-host.invalid");
  Running running(Endless("http://no-such-host.invalid"));
  running.Give(RowsOf(Keys(3)));
  EXPECT_TRUE(Eventually([&] { return resolver.waiting() == 3; }));
  ExpectEnd(&running);
  EXPECT_EQ(resolver.waiting(), 3);
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
    Running idle(Endless(folder.path()));
    EXPECT_TRUE(Eventually([&] { return idle.in_stats().waits_empty > 0; }));
    ExpectEnd(&idle);
  }
  Running full(Endless(folder.path()), 1);
  for (int i = 0; i < 10; ++i) full.Give(RowsOf({"a", "a"}));
  EXPECT_TRUE(Eventually([&] { return full.out_stats().waits_full > 0; }));
  ExpectEnd(&full);
  EXPECT_EQ(full.out_stats().pushed, 1u);
}

}  // namespace
}  // namespace earthcatalog::fetch
