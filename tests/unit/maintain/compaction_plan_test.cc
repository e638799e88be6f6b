#include "earthcatalog/maintain/compaction_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::maintain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TableFile File(const std::string& path, const std::string& cell, int64_t bytes, bool boxes_hold = true) {
  TableFile file;
  file.file.path = path;
  file.file.partition = {.grid_partition = cell, .year = 50};
  file.file.file_size = bytes;
  file.boxes_hold = boxes_hold;
  return file;
}

std::vector<std::string> Paths(const std::vector<TableFile>& files) {
  std::vector<std::string> paths;
  for (const TableFile& file : files) paths.push_back(file.file.path);
  return paths;
}

// The target is 1,000 bytes.
CompactionPlan PlanOf(const std::vector<TableFile>& files, CompactionRule rule = {}) {
  rule.target_bytes = 1000;
  return PlanCompaction(files, rule);
}

TEST(CompactionPlan, SmallFilesOfACellAndYearAreOneBucket) {
  TableFile other_year = File("y", "a", 10);
  other_year.file.partition.year = std::nullopt;
  const CompactionPlan plan = PlanOf({File("1", "b", 10), File("2", "a", 10), other_year, File("3", "b", 20),
                                      File("4", "a", 30), File("5", "c", 10)});
  EXPECT_EQ(plan.partitions, 4);
  ASSERT_EQ(plan.buckets.size(), 2u);
  EXPECT_THAT(Paths(plan.buckets[0]), ElementsAre("2", "4"));
  EXPECT_THAT(Paths(plan.buckets[1]), ElementsAre("1", "3"));
  EXPECT_THAT(Paths(plan.staying), ElementsAre("y", "5"));
}

TEST(CompactionPlan, GoodFilesStayBesideThoseThatAreNot) {
  const std::vector<TableFile> files = {File("good", "a", 750), File("small", "a", 740),
                                        File("also good", "a", 1809), File("small too", "a", 1)};
  const CompactionPlan plan = PlanOf(files);
  ASSERT_EQ(plan.buckets.size(), 1u);
  EXPECT_THAT(Paths(plan.buckets[0]), ElementsAre("small", "small too"));
  EXPECT_THAT(Paths(plan.staying), ElementsAre("good", "also good"));
  EXPECT_THAT(PlanOf(files, {.threshold = 3}).buckets, IsEmpty());
  const CompactionPlan all = PlanOf(files, {.threshold = 99, .rewrite_all = true});
  ASSERT_EQ(all.buckets.size(), 1u);
  EXPECT_EQ(all.buckets[0].size(), 4u);
}

TEST(CompactionPlan, WhatIsTooLargeOrHasOtherBoxesIsWrittenAlsoAlone) {
  const std::vector<TableFile> files = {File("too large", "a", 1900), File("boxes", "b", 900, false),
                                        File("small", "c", 10), File("boxes", "d", 10, false),
                                        File("small", "d", 10)};
  const CompactionPlan plan = PlanOf(files);
  ASSERT_EQ(plan.buckets.size(), 3u);
  EXPECT_THAT(Paths(plan.buckets[0]), ElementsAre("too large"));
  EXPECT_THAT(Paths(plan.buckets[1]), ElementsAre("boxes"));
  EXPECT_THAT(Paths(plan.buckets[2]), ElementsAre("boxes", "small"));
  // In a table of 0.6.1 no boxes hold.
  const CompactionPlan texts = PlanOf(files, {.mend_boxes = false});
  ASSERT_EQ(texts.buckets.size(), 2u);
  EXPECT_THAT(Paths(texts.buckets[1]), ElementsAre("boxes", "small"));
}

TEST(CompactionPlan, DangerBoxesAreMendedForEverWhereTheTableHasNoPlaceForThem) {
  const auto initial = item::InitialSchema();
  EXPECT_TRUE(RuleFor({}, *initial).mend_boxes);
  const int overflow = initial->GetFieldIndex(std::string(item::kOverflow));
  EXPECT_FALSE(RuleFor({}, *initial->RemoveField(overflow).ValueOrDie()).mend_boxes);
  const int bbox = initial->GetFieldIndex("bbox");
  EXPECT_FALSE(RuleFor({}, *initial->RemoveField(bbox).ValueOrDie()).mend_boxes);
  const auto texts = initial->SetField(bbox, arrow::field("bbox", arrow::utf8())).ValueOrDie();
  EXPECT_FALSE(RuleFor({}, *texts).mend_boxes);
}

TEST(CompactionPlan, DangerACellThatCanBeNoFolderIsWritten) {
  std::vector<TableFile> files = {File("1", "../x", 10), File("2", "../x", 10), File("3", "", 10),
                                  File("4", "", 10)};
  for (TableFile& file : files) {
    if (file.file.partition.grid_partition->empty()) file.file.partition.grid_partition.reset();
  }
  const CompactionPlan plan = PlanOf(files);
  EXPECT_THAT(plan.buckets, IsEmpty());
  EXPECT_EQ(plan.staying.size(), 4u);
}

TEST(CompactionPlan, AnEmptyTableHasNothingToDo) {
  const CompactionPlan plan = PlanOf({});
  EXPECT_EQ(plan.partitions, 0);
  EXPECT_THAT(plan.buckets, IsEmpty());
}

std::vector<size_t> BucketsOfUnits(const std::vector<Bucket>& buckets, int64_t target_bytes) {
  std::vector<size_t> counts;
  for (const auto& unit : UnitsOf(buckets, target_bytes)) counts.push_back(unit.size());
  return counts;
}

TEST(CompactionUnits, SmallBucketsGoTogetherUntilTheyAreMany) {
  constexpr int64_t kTarget = 128 << 20;
  const Bucket small = {File("1", "a", 500), File("2", "a", 500)};
  const Bucket large = {File("1", "b", 600 << 10), File("2", "b", 600 << 10)};
  Bucket many_rows = small;
  many_rows[0].file.record_count = 1001;
  EXPECT_THAT(BucketsOfUnits({small, small, large, small, many_rows, many_rows, small}, kTarget),
              ElementsAre(2, 1, 1, 1, 1, 1));
  EXPECT_THAT(BucketsOfUnits({small, small}, /*target_bytes=*/999), ElementsAre(1, 1));
  const Bucket kibibytes_900 = {File("1", "a", 900 << 10)};
  EXPECT_THAT(BucketsOfUnits(std::vector<Bucket>(9, kibibytes_900), kTarget), ElementsAre(4, 4, 1));
  Bucket rows_900 = small;
  rows_900[0].file.record_count = 900;
  EXPECT_THAT(BucketsOfUnits(std::vector<Bucket>(20, rows_900), kTarget), ElementsAre(18, 2));
  EXPECT_THAT(BucketsOfUnits({}, kTarget), IsEmpty());
}

}  // namespace
}  // namespace earthcatalog::maintain
