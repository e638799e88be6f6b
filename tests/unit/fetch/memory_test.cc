// Memory when rows are asked for again: as bounded as at first, and every row ends.
#include <gmock/gmock.h>

#include "unit/fetch/running.h"

namespace earthcatalog::fetch {
namespace {

using std::chrono::milliseconds;
using test::Reply;
using test::Request;
using test::ScriptedServer;
using testing::SizeIs;

constexpr int kBody = 10'000;

std::vector<std::string> Keys(int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back(std::to_string(i));
  return keys;
}

// Rows of a server that was unwell wait in great number, and are due together when it is well again.
TEST(Memory, DangerRowsThatAreAskedAgainDoNotLookWhetherThereIsRoom) {
  std::atomic<int> failed{0}, sent{0};
  ScriptedServer server([&](const Request&, int nth) {
    if (nth == 0) {
      ++failed;
      return Reply{.status = 500, .headers = {"Retry-After: 1"}};
    }
    ++sent;
    return Reply{.body = std::string(kBody, 'x')};
  });
  Options options = OptionsFor(server.url());
  options.max_buffered_bytes = 20 * kBody;
  options.slice_bytes = 1;
  options.retry.max_backoff = milliseconds(800);  // of which each row waits all
  const int most = 20 + options.max_in_flight;
  Running running(options, 200);
  running.Give(RowsOf(Keys(200)));
  while (sent < 10) std::this_thread::sleep_for(milliseconds(5));
  EXPECT_GT(failed, 60) << "they should wait at the same time";
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_LE(sent, most) << "nobody has taken any";
  running.EndOfInventory();
  int taken = 0;
  while (const auto slice = running.Take()) {
    EXPECT_LE(sent, most + ++taken);
    ASSERT_THAT(slice->items, SizeIs(1));
    EXPECT_EQ(slice->items[0].body.size(), kBody);
    EXPECT_EQ(slice->items[0].row.key, std::to_string(taken - 1));
  }
  EXPECT_TRUE(running.Join().ok());
  EXPECT_EQ(taken, 200);
}

// The row that alone may be asked for is the last whose time comes, again and again.
TEST(Memory, DangerTheVeryNextRowWaitsForItsBackoffWhileTheMemoryIsFull) {
  ScriptedServer server([](const Request& request, int nth) {
    if (nth < 3 && request.target.ends_with("/0")) return Reply{.status = 500, .headers = {"Retry-After: 1"}};
    if (nth < 1) return Reply{.status = 500};
    return Reply{.body = std::string(kBody, 'x')};
  });
  Options options = OptionsFor(server.url());
  options.retry.max_backoff = milliseconds(150);
  for (const int64_t slice_bytes : {int64_t{1}, Options().slice_bytes}) {
    options.slice_bytes = slice_bytes;
    options.max_buffered_bytes = 5 * kBody;
    const std::vector<std::string> keys = Keys(60);
    Running running(options);
    running.Give(RowsOf(keys, fmt::format("slices-of-{}", slice_bytes)));
    size_t rows = 0;
    for (const Batch& batch : running.TakeRest()) {
      for (const Item& item : batch.items) {
        EXPECT_EQ(item.row.key, keys[rows++]);
        EXPECT_EQ(item.body.size(), kBody) << KindOf(item);
      }
    }
    EXPECT_TRUE(running.Join().ok());
    EXPECT_EQ(rows, 60u);
  }
}

// Rows of several hosts and batches, each of which fails as often as chance has it, with room for nothing,
// for a few and for many.
TEST(Memory, AllRowsEndWhicheverFailAndHoweverLittleRoomThereIs) {
  ScriptedServer server([](const Request& request, int nth) {
    const size_t random = std::hash<std::string>()(request.headers.at("host") + request.target);
    if (static_cast<size_t>(nth) < random % 4) {
      Reply bad{.status = random % 64 == 3 ? 503 : 500};
      if (random % 8 == 3) bad.headers = {"Retry-After: 1"};
      return bad;
    }
    return Reply{.body = std::string(random % (2 * kBody), 'x')};
  });
  for (const int64_t limit : {1, 10 * kBody, 100 * kBody}) {
    Options options;
    options.retry = Impatient();
    options.max_in_flight = 8;
    options.max_buffered_bytes = limit;
    options.slice_bytes = 3 * kBody;
    Running running(ManyHosts(options, server), 2);
    for (int batch = 0; batch < 6; ++batch) {
      std::vector<inventory::Row> rows;
      for (const std::string& key : Keys(25)) {
        const std::string bucket = "bucket-" + std::to_string(rows.size() % 3);
        rows.push_back(RowsOf({fmt::format("{}/{}/{}", limit, batch, key)}, bucket)[0]);
      }
      running.Give(std::move(rows));
    }
    size_t rows = 0, failed = 0;
    for (const Batch& slice : running.TakeRest()) {
      for (const Item& item : slice.items) {
        EXPECT_EQ(item.row.key, fmt::format("{}/{}/{}", limit, rows / 25, rows % 25));
        failed += item.failure ? 1 : 0;
        ++rows;
      }
    }
    EXPECT_TRUE(running.Join().ok());
    EXPECT_EQ(rows, 150u);
    EXPECT_EQ(failed, 0u);
  }
}

}  // namespace
}  // namespace earthcatalog::fetch
