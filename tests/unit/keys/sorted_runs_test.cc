// Sorting and merging say what std::set says, however little memory there is.
#include "earthcatalog/keys/sorted_runs.h"

#include <gmock/gmock.h>

#include "earthcatalog/keys/merge_streams.h"
#include "unit/keys/records.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::keys {
namespace {

template <size_t Width>
void ExpectSorted(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<Record<Width>> records(random() % 5000);
  const uint32_t keys = 1 + random() % 20'000;
  for (auto& record : records) record = RandomRecord<Width>(&random, keys);
  const std::vector<Record<Width>> model = Model(records);
  // No run at all; some; so many that they are merged to longer ones again and again.
  for (const int64_t memory : {int64_t{16} << 20, int64_t{256} << 10, int64_t{1} << 10}) {
    SortedRuns<Width> runs({.memory_bytes = memory, .temporary_directory = {}});
    for (const auto& record : records) ASSERT_TRUE(runs.Add(record).ok());
    const auto sorted = runs.Finish().ValueOrDie();
    ASSERT_EQ(ReadAll(sorted.get()), model) << "seed " << seed << ", memory " << memory;
    ASSERT_TRUE(sorted->Next().ValueOrDie().empty());
    EXPECT_EQ(runs.spilled(), records.size() > std::max<size_t>(64, static_cast<size_t>(memory) / Width));
  }
}

TEST(SortedRunsTest, SortsAsSetsDo) {
  for (uint32_t seed = 0; seed < 60; ++seed) ExpectSorted<kKeyBytes>(seed);
}

// Behind the key lies the version: the newest is kept.
TEST(SortedRunsTest, KeepsTheGreatestOfAKey) {
  for (uint32_t seed = 0; seed < 60; ++seed) ExpectSorted<kPlaceBytes>(seed);
}

TEST(SortedRunsTest, SaysWhereTemporaryFilesCannotBe) {
  SortedRuns<kKeyBytes> runs({.memory_bytes = 1, .temporary_directory = "/nonexistent/folder"});
  Status status;
  for (int i = 0; i < 1000 && status.ok(); ++i) status = runs.Add(KeyHash{});
  EXPECT_THAT(status.message(), testing::HasSubstr("/nonexistent/folder"));
}

TEST(MergeStreamsTest, MergesAsSetsDo) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<StreamPtr<kPlaceBytes>> sources;
    std::vector<Record<kPlaceBytes>> all;
    const uint32_t keys = 1 + random() % 30'000;
    for (size_t i = random() % 9; i > 0; --i) {
      // Some are empty; sources need not have each key once.
      std::vector<Record<kPlaceBytes>> records(random() % 3 == 0 ? 0 : random() % 6000);
      for (auto& record : records) record = RandomRecord<kPlaceBytes>(&random, keys);
      std::sort(records.begin(), records.end());
      all.insert(all.end(), records.begin(), records.end());
      sources.push_back(std::make_unique<BlocksOf<kPlaceBytes>>(std::move(records), seed));
    }
    const auto merged = MergeStreams(std::move(sources));
    ASSERT_EQ(ReadAll(merged.get()), Model(all)) << "seed " << seed;
    ASSERT_TRUE(merged->Next().ValueOrDie().empty());
  }
}

}  // namespace
}  // namespace earthcatalog::keys
