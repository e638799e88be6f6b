#include "earthcatalog/fetch/open_batches.h"

#include <gmock/gmock.h>

#include "unit/fetch/running.h"

namespace earthcatalog::fetch {
namespace {

inventory::Batch Rows(uint64_t sequence, int count) {
  std::vector<std::string> keys;
  for (int i = 0; i < count; ++i) keys.push_back(std::to_string(i));
  return {sequence, RowsOf(keys)};
}

TEST(OpenBatches, BatchesCompleteInTheOrderTheyEnd) {
  OpenBatches batches(1 << 20);
  EXPECT_TRUE(batches.empty());
  batches.Add(Rows(7, 1));
  const auto first = batches.Start();
  EXPECT_FALSE(batches.MayStart());
  batches.Add(Rows(8, 2));
  const auto second = batches.Start();
  const auto third = batches.Start();
  EXPECT_EQ(third.item().row.key, "1");
  third.item().body = "third";
  batches.Finish(third);
  EXPECT_FALSE(batches.HasComplete());
  batches.Finish(second);
  ASSERT_TRUE(batches.HasComplete());
  EXPECT_EQ(batches.FrontComplete().sequence, 8u);
  EXPECT_EQ(batches.FrontComplete().items[1].body, "third");
  batches.PopComplete();
  batches.Finish(first);
  EXPECT_EQ(batches.FrontComplete().sequence, 7u);
  batches.PopComplete();
  EXPECT_TRUE(batches.empty());
}

TEST(OpenBatches, AboveTheLimitOnlyTheOldestBatchGoesOn) {
  OpenBatches batches(10'000);
  batches.Add(Rows(0, 2));
  const auto first = batches.Start();
  const auto second = batches.Start();
  batches.Add(Rows(1, 2));
  batches.Charge(first, 10'000);
  EXPECT_FALSE(batches.MayStart());
  EXPECT_FALSE(batches.WantsBatch());
  batches.Finish(first);
  batches.Finish(second);
  EXPECT_TRUE(batches.MayStart());  // it is the oldest now, whatever waits to be handed on
  const auto third = batches.Start();
  const auto fourth = batches.Start();
  EXPECT_FALSE(batches.WantsBatch());
  batches.PopComplete();
  EXPECT_TRUE(batches.WantsBatch());
  batches.Finish(third);
  batches.Finish(fourth);
}

TEST(OpenBatches, AnEmptyBatchIsComplete) {
  OpenBatches batches(1);
  batches.Add({3, {}});
  ASSERT_TRUE(batches.HasComplete());
  EXPECT_EQ(batches.FrontComplete().sequence, 3u);
}

TEST(OpenBatches, RowsWithoutBodiesWeighToo) {
  OpenBatches batches(10 * sizeof(Item));
  batches.Add(Rows(0, 9));
  while (batches.HasUnstarted()) static_cast<void>(batches.Start());
  EXPECT_TRUE(batches.WantsBatch());
  batches.Add(Rows(1, 1));
  static_cast<void>(batches.Start());
  EXPECT_FALSE(batches.WantsBatch());
}

}  // namespace
}  // namespace earthcatalog::fetch
