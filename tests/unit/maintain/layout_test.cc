#include "earthcatalog/maintain/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "unit/ingest/running.h"

namespace earthcatalog::maintain {
namespace {

using catalog::PartitionStats;
using testing::ElementsAre;
using testing::HasSubstr;

PartitionStats Partition(const std::string& cell, std::optional<int> year, int64_t rows,
                         std::vector<int64_t> sizes) {
  PartitionStats partition{.grid_partition = cell, .year = year, .row_count = rows};
  partition.file_count = std::ssize(sizes);
  for (const int64_t bytes : sizes) partition.total_bytes += bytes;
  partition.file_sizes = std::move(sizes);
  return partition;
}

std::vector<int64_t> CountsOf(const FileLayout& layout) {
  std::vector<int64_t> counts;
  for (const FileSizeRange& range : layout.file_sizes) counts.push_back(range.file_count);
  return counts;
}

std::vector<int64_t> NumbersOf(const Spread& spread) {
  return {spread.least, spread.median, spread.ninth_decile, spread.most};
}

TEST(Layout, OfNothingIsNothing) {
  const FileLayout layout = LayoutOf({});
  EXPECT_EQ(layout.file_count, 0);
  EXPECT_THAT(CountsOf(layout), ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(NumbersOf(layout.rows), ElementsAre(0, 0, 0, 0));
  EXPECT_TRUE(layout.years.empty());
}

TEST(Layout, ALimitBelongsToTheRangeAboveIt) {
  const int64_t kib = 1024, mib = kib * kib;
  const FileLayout layout = LayoutOf({Partition("a", 2020, 1,
                                                {0, 16 * kib - 1, 16 * kib, 64 * kib, mib - 1, mib, 64 * mib,
                                                 256 * mib - 1, 256 * mib, INT64_MAX / 2})});
  EXPECT_THAT(CountsOf(layout), ElementsAre(2, 1, 1, 1, 1, 0, 0, 2, 2));
  EXPECT_EQ(layout.file_sizes.front().below, 16 * kib);
  EXPECT_EQ(layout.file_sizes.back().below, std::nullopt);
}

TEST(Layout, SmallFilesCanBeUnitedWithinTheirCellAndYear) {
  const int64_t small = kSmallFileBytes - 1, good = kSmallFileBytes;
  const FileLayout layout =
      LayoutOf({Partition("a", 2020, 1, {small, good}), Partition("a", 2021, 1, {small}),
                Partition("b", 2020, 1, {small, small, good, small})});
  EXPECT_EQ(layout.small_file_count, 5);
  EXPECT_EQ(layout.small_file_bytes, 5 * small);
  EXPECT_EQ(layout.mergeable_file_count, 3);
}

TEST(Layout, YearsHaveTheirCells) {
  const FileLayout layout = LayoutOf({Partition("a", std::nullopt, 1, {10}), Partition("a", 2020, 2, {20, 1}),
                                      Partition("b", 2020, 4, {40}), Partition("b", 2021, 8, {80})});
  EXPECT_EQ(layout.cell_count, 2);
  ASSERT_EQ(layout.years.size(), 3u);
  EXPECT_EQ(layout.years[0].year, std::nullopt);
  EXPECT_EQ(layout.years[1].year, 2020);
  EXPECT_EQ(layout.years[1].cell_count, 2);
  EXPECT_EQ(layout.years[1].row_count, 6);
  EXPECT_EQ(layout.years[1].file_count, 3);
  EXPECT_EQ(layout.years[1].total_bytes, 61);
}

TEST(Layout, QuantilesAreNumbersThatPartitionsHave) {
  std::minstd_rand random(3);
  for (int count = 1; count < 40; ++count) {
    std::vector<PartitionStats> partitions;
    std::vector<int64_t> rows;
    for (int i = 0; i < count; ++i) {
      rows.push_back(static_cast<int64_t>(random() % 50));
      partitions.push_back(Partition(std::to_string(i), 2020, rows.back(), {1}));
    }
    const Spread spread = LayoutOf(partitions).rows;
    EXPECT_EQ(spread.least, std::ranges::min(rows));
    EXPECT_EQ(spread.most, std::ranges::max(rows));
    // The least number that so many of the partitions do not exceed.
    const auto check = [&](int64_t number, int share) {
      const auto not_above = std::ranges::count_if(rows, [&](int64_t other) { return other <= number; });
      const auto below = std::ranges::count_if(rows, [&](int64_t other) { return other < number; });
      EXPECT_GE(10 * not_above, share * count);
      EXPECT_LT(10 * below, share * count);
    };
    check(spread.median, 5);
    check(spread.ninth_decile, 9);
  }
}

class DescribeLayoutTest : public ingest::SmallRunTest {
 protected:
  void Add(const std::vector<std::string>& keys, const std::string& inventory) {
    ingest::SmallRun run(locations_);
    run.AddInventory(Inventory(keys, inventory));
    ASSERT_TRUE(run.Execute().ok());
  }
  Layout Described() const { return DescribeLayout(*Reopened()).ValueOrDie(); }
};

TEST_F(DescribeLayoutTest, OfATableWithoutSnapshotsNothingIsKnown) {
  ASSERT_TRUE(catalog::Catalog::OpenOrCreate(locations_, std::nullopt).ok());
  const Layout layout = Described();
  EXPECT_EQ(layout.snapshot_count, 0);
  EXPECT_EQ(layout.fan_out(), std::nullopt);
  EXPECT_EQ(layout.first_snapshot, std::nullopt);
  EXPECT_THAT(LayoutToJson(layout), HasSubstr(R"("fan_out": null)"));
}

TEST_F(DescribeLayoutTest, CommitsTellItemsAndTheFolderItsBytes) {
  Add({"a.json", "bad.json", "b.json"}, "one.csv");
  Add({"c.json"}, "two.csv");
  const Layout layout = Described();
  EXPECT_EQ(layout.catalogued.items, 3u);
  EXPECT_EQ(layout.catalogued.rows, static_cast<uint64_t>(layout.row_count));
  EXPECT_EQ(layout.fan_out(), 1.0);
  EXPECT_EQ(layout.snapshot_count, std::ssize(Snapshots()));
  int64_t files = 0, bytes = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(locations_.warehouse + "/earthcatalog/stac_items/metadata")) {
    ++files;
    bytes += static_cast<int64_t>(entry.file_size());
  }
  EXPECT_EQ(layout.metadata_file_count, files);
  EXPECT_EQ(layout.metadata_folder_bytes, bytes);
  EXPECT_LT(layout.metadata_bytes, bytes);
  const auto json = nlohmann::json::parse(LayoutToJson(layout));
  EXPECT_EQ(json["fan_out_items"], 3);
  EXPECT_EQ(json["partitions"].size(), layout.partitions.size());
}

}  // namespace
}  // namespace earthcatalog::maintain
