#include "earthcatalog/fetch/open_batches.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <numeric>
#include <random>

#include "unit/fetch/running.h"

namespace earthcatalog::fetch {
namespace {

inventory::Batch Rows(uint64_t sequence, int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back(std::to_string(i));
  return {sequence, RowsOf(keys)};
}

constexpr int64_t kWhole = int64_t{1} << 40;  // no batch has slices

void Finish(OpenBatches* batches, const OpenBatches::Ticket& ticket, size_t bytes) {
  ticket.item().body.assign(bytes, 'x');
  batches->Charge(static_cast<int64_t>(bytes));
  batches->Finish(ticket);
}

// What a taker keeps, and "sequence.slice keys".
std::shared_ptr<void> Take(OpenBatches* batches, std::string* what) {
  Batch batch = std::move(batches->FrontComplete());
  batches->PopComplete();
  *what = fmt::format("{}.{}", batch.sequence, batch.slice);
  for (const Item& item : batch.items) *what += " " + item.row.key;
  if (batch.last) *what += " last";
  return batch.held;
}
std::string TakeAndRelease(OpenBatches* batches) {
  std::string what;
  static_cast<void>(Take(batches, &what));
  return what;
}

TEST(OpenBatches, BatchesCompleteInTheOrderTheyEnd) {
  OpenBatches batches(1 << 20, kWhole, {});
  EXPECT_TRUE(batches.empty());
  batches.Add(Rows(7, 1));
  const auto first = batches.Start();
  EXPECT_FALSE(batches.MayStart());
  batches.Add(Rows(8, 2));
  const auto second = batches.Start();
  const auto third = batches.Start();
  EXPECT_EQ(third.item().row.key, "1");
  Finish(&batches, third, 5);
  EXPECT_FALSE(batches.HasComplete());
  Finish(&batches, second, 6);
  ASSERT_TRUE(batches.HasComplete());
  EXPECT_EQ(batches.FrontComplete().items[1].body, "xxxxx");
  EXPECT_EQ(TakeAndRelease(&batches), "8.0 0 1 last");
  Finish(&batches, first, 7);
  EXPECT_EQ(TakeAndRelease(&batches), "7.0 0 last");
  EXPECT_TRUE(batches.empty());
}

TEST(OpenBatches, WherePartsEndDependsOnTheDataAlone) {
  const std::vector<size_t> sizes = {10, 60, 40, 0, 200, 30, 30, 30, 30, 5};
  std::vector<size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), 0u);
  std::mt19937 random(3);
  for (int repeat = 0; repeat < 50; ++repeat) {
    OpenBatches batches(1 << 20, 100, {});
    batches.Add(Rows(4, static_cast<int>(sizes.size())));
    std::vector<OpenBatches::Ticket> tickets;
    for (size_t i = 0; i < sizes.size(); ++i) tickets.push_back(batches.Start());
    for (const size_t i : order) Finish(&batches, tickets[i], sizes[i]);
    std::vector<std::string> slices;
    while (batches.HasComplete()) slices.push_back(TakeAndRelease(&batches));
    EXPECT_THAT(slices, testing::ElementsAre("4.0 0 1 2", "4.1 3 4", "4.2 5 6 7 8", "4.3 9 last"));
    EXPECT_TRUE(batches.empty());
    std::shuffle(order.begin(), order.end(), random);
  }
}

TEST(OpenBatches, APartIsHandedOnBeforeItsBatchIsDone) {
  OpenBatches batches(1 << 20, 100, {});
  batches.Add(Rows(0, 3));
  const auto first = batches.Start();
  const auto second = batches.Start();
  Finish(&batches, second, 100);
  EXPECT_FALSE(batches.HasComplete());
  Finish(&batches, first, 100);
  EXPECT_EQ(TakeAndRelease(&batches), "0.0 0");
  EXPECT_EQ(TakeAndRelease(&batches), "0.1 1");
  EXPECT_FALSE(batches.empty());
  Finish(&batches, batches.Start(), 100);
  EXPECT_EQ(TakeAndRelease(&batches), "0.2 2 last");
  EXPECT_TRUE(batches.empty());
}

TEST(OpenBatches, AboveTheLimitOnlyTheVeryNextRowStarts) {
  OpenBatches batches(10'000, kWhole, {});
  batches.Add(Rows(0, 3));
  const auto first = batches.Start();
  batches.Charge(10'000);
  EXPECT_FALSE(batches.MayStart());
  EXPECT_FALSE(batches.WantsBatch());
  batches.Charge(-10'000);
  Finish(&batches, first, 10'000);
  EXPECT_TRUE(batches.MayStart()) << "or nothing would ever be handed on";
  const auto second = batches.Start();
  EXPECT_FALSE(batches.MayStart());
  Finish(&batches, second, 10'000);
  EXPECT_TRUE(batches.MayStart());
  Finish(&batches, batches.Start(), 1);
  EXPECT_EQ(TakeAndRelease(&batches), "0.0 0 1 2 last");
  EXPECT_TRUE(batches.WantsBatch());
}

// A hundred large bodies in one batch, and a taker that is slow.
TEST(OpenBatches, WhatIsHandedOnCountsUntilItIsReleased) {
  OpenBatches batches(100'000, 10'000, {});
  batches.Add(Rows(0, 100));
  std::vector<std::shared_ptr<void>> held;
  std::string slice;
  int started = 0;
  while (batches.MayStart()) {
    Finish(&batches, batches.Start(), 10'000);
    held.push_back(Take(&batches, &slice));
    ++started;
  }
  EXPECT_GT(started, 1);
  EXPECT_LE(started, 10);
  EXPECT_FALSE(batches.WantsBatch());
  held.pop_back();  // out of turn: it makes room, but the first slice is still held
  ASSERT_TRUE(batches.MayStart());
  Finish(&batches, batches.Start(), 90'000);
  held.push_back(Take(&batches, &slice));
  EXPECT_FALSE(batches.MayStart()) << "the taker has the next slice already";
  held.erase(held.begin());
  EXPECT_FALSE(batches.MayStart()) << "nor are all before it released";
  held.clear();
  EXPECT_TRUE(batches.MayStart());
}

TEST(OpenBatches, WhoeverWaitsForRoomIsToldOfIt) {
  int calls = 0;
  std::shared_ptr<void> kept;
  std::string slice;
  {
    OpenBatches batches(10'000, 1, [&calls] { ++calls; });
    batches.Add(Rows(0, 2));
    Finish(&batches, batches.Start(), 1);
    EXPECT_EQ(TakeAndRelease(&batches), "0.0 0");
    EXPECT_EQ(calls, 1);
    Finish(&batches, batches.Start(), 1);
    kept = Take(&batches, &slice);
  }
  kept.reset();
  EXPECT_EQ(calls, 1) << "nobody is left to be told";
}

TEST(OpenBatches, AnEmptyBatchIsComplete) {
  OpenBatches batches(1, kWhole, {});
  batches.Add({3, {}});
  ASSERT_TRUE(batches.HasComplete());
  EXPECT_EQ(TakeAndRelease(&batches), "3.0 last");
}

TEST(OpenBatches, RowsWithoutBodiesWeighToo) {
  OpenBatches batches(10 * sizeof(Item), kWhole, {});
  batches.Add(Rows(0, 9));
  while (batches.HasUnstarted()) static_cast<void>(batches.Start());
  EXPECT_TRUE(batches.WantsBatch());
  batches.Add(Rows(1, 1));
  EXPECT_FALSE(batches.WantsBatch());
  EXPECT_FALSE(batches.MayStart());
}

}  // namespace
}  // namespace earthcatalog::fetch
