// Which rows are superseded, with more and with less memory than they need.
#include "earthcatalog/rows/newest_rows.h"

#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "unit/support/temp_folder.h"

namespace earthcatalog::rows {
namespace {

std::shared_ptr<arrow::RecordBatch> Ids(const std::vector<int64_t>& ids) {
  arrow::StringBuilder builder;
  for (const int64_t id : ids) EXPECT_TRUE(builder.Append(std::to_string(id)).ok());
  const auto schema = arrow::schema({arrow::field("id", arrow::utf8())});
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(ids.size()), {builder.Finish().ValueOrDie()});
}

class NewestRowsTest : public testing::TestWithParam<int64_t> {
 protected:
  const test::TempFolder folder_;
};

// Each id in each of three files, the last of which is the oldest.
TEST_P(NewestRowsTest, TheLastOnesIngestedAreKept) {
  constexpr int64_t kIds = 100'000;
  NewestRows newest(GetParam(), folder_.path());
  for (const int64_t ingested : {1, 2, 0}) newest.AddFile({.uri = "a", .ingested = ingested});
  for (size_t file = 0; file < 3; ++file) {
    for (int64_t first = 0; first < kIds; first += 10'000) {
      std::vector<int64_t> ids;
      for (int64_t i = first; i < first + 10'000; ++i) {
        ids.push_back(file == 1 ? kIds - 1 - i : file == 2 ? i : i + kIds / 2);
      }
      ASSERT_TRUE(newest.Add(file, *Ids(ids), first).ok());
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  }
  ASSERT_TRUE(newest.Finish().ok());
  EXPECT_EQ(newest.spilled(), GetParam() < 48 * kIds * 3);
  EXPECT_EQ(newest.row_count(), 3 * kIds);
  EXPECT_EQ(newest.kept_count(), kIds + kIds / 2);
  EXPECT_THAT(newest.SupersededOf(1), testing::Each(false));
  EXPECT_THAT(newest.SupersededOf(2), testing::Each(true));
  for (size_t row = 0; row < kIds; ++row) {  // later ids are in the first file alone
    EXPECT_EQ(newest.SupersededOf(0)[row], row < kIds / 2);
  }
  EXPECT_EQ(newest.superseded_count(0), kIds / 2);
}

// Portions by hash do not make these fewer: they must not be cut for ever.
TEST_P(NewestRowsTest, DangerOneItemFarMoreOftenThanFits) {
  NewestRows newest(GetParam(), folder_.path());
  newest.AddFile({.uri = "a"});
  const std::vector<int64_t> same(10'000, 7);
  for (int64_t first = 0; first < 300'000; first += 10'000) {
    ASSERT_TRUE(newest.Add(0, *Ids(same), first).ok());
  }
  ASSERT_TRUE(newest.Finish().ok());
  EXPECT_EQ(newest.kept_count(), 1);
  EXPECT_FALSE(newest.SupersededOf(0)[299'999]);
  EXPECT_FALSE(newest.spilled());
}

INSTANTIATE_TEST_SUITE_P(Memory, NewestRowsTest, testing::Values(1, 64 << 10, 1 << 20, 64 << 20));

TEST(NewestRows, AFileWithoutIdsIsNamed) {
  NewestRows newest(1 << 20, {});
  newest.AddFile({.uri = "file:///a.parquet"});
  const auto rows = Ids({1})->RenameColumns({"other"}).ValueOrDie();
  const Status status = newest.Add(0, *rows, 0);
  EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt);
  EXPECT_THAT(status.message(), testing::HasSubstr("file:///a.parquet"));
}

TEST(NewestRows, AFolderThatIsNotThereIsNamed) {
  NewestRows newest(1, "/no such folder");
  newest.AddFile({.uri = "a"});
  std::vector<int64_t> ids(1000);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i);
  EXPECT_THAT(newest.Add(0, *Ids(ids), 0).message(), testing::HasSubstr("/no such folder"));
}

// Rows of one item, each in a file of its own: which of them are kept.
struct OneRow {
  int64_t ingested;
  uint32_t partition;
  int64_t updated = 0;
};

constexpr int64_t kMuchMemory = 1 << 20;

// With the least memory, rows are folded whenever so many of them have come.
std::vector<bool> Kept(const std::vector<OneRow>& rows, int64_t memory_bytes = kMuchMemory) {
  NewestRows newest(memory_bytes, {});
  const auto schema =
      arrow::schema({arrow::field("id", arrow::utf8()),
                     arrow::field("updated", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))});
  for (const OneRow& row : rows) {
    const size_t file = newest.AddFile({.uri = "a", .ingested = row.ingested, .partition = row.partition});
    arrow::StringBuilder ids;
    EXPECT_TRUE(ids.Append("item").ok());
    arrow::TimestampBuilder updated(schema->field(1)->type(), arrow::default_memory_pool());
    EXPECT_TRUE(updated.Append(row.updated).ok());
    const auto batch =
        arrow::RecordBatch::Make(schema, 1, {ids.Finish().ValueOrDie(), updated.Finish().ValueOrDie()});
    EXPECT_TRUE(newest.Add(file, *batch, 0).ok());
  }
  EXPECT_TRUE(newest.Finish().ok());
  std::vector<bool> kept;
  for (size_t i = 0; i < rows.size(); ++i) kept.push_back(!newest.SupersededOf(i)[0]);
  return kept;
}

TEST(NewestRowsOfAnItem, HasARowInEachPartitionOfItsNewestVersionOnly) {
  // The second version, of commit 2, has left cell 0 and come to cell 2.
  EXPECT_THAT(Kept({{1'000'000, 0}, {1'000'000, 1}, {2'000'000, 1}, {2'000'000, 2}}),
              testing::ElementsAre(false, false, true, true));
  // What the items say goes first.
  EXPECT_THAT(Kept({{1'000'000, 0, 9}, {1'000'000, 1, 9}, {2'000'000, 1, 5}, {2'000'000, 2, 5}}),
              testing::ElementsAre(true, true, false, false));
}

TEST(NewestRowsOfAnItem, DangerAFileThatAnotherEngineWroteMakesRowsElsewhereOld) {
  // Another engine has put the row of cell 1 into a file of its own, which counts as of commit 9.
  EXPECT_THAT(Kept({{1'000'000, 0}, {-9'000'000, 1}}), testing::ElementsAre(true, true));
  // But what came before the newest version is older for certain.
  EXPECT_THAT(Kept({{-3'000'000, 0}, {-3'000'000, 1}, {9'000'000, 0}, {9'000'000, 2}}),
              testing::ElementsAre(false, false, true, true));
  // In one partition the later file is newer all the same.
  EXPECT_THAT(Kept({{1'000'000, 1}, {-9'000'000, 1}}), testing::ElementsAre(false, true));
  // And what the items say still goes first.
  EXPECT_THAT(Kept({{1'000'000, 0, 5}, {-9'000'000, 1, 6}}), testing::ElementsAre(false, true));
}

// So many of them are folded at the least.
constexpr size_t kFewestFolded = 64;

// The version of commit 4 in cell 0, that of commit 5 in cell 1, and there another engine's.
TEST(NewestRowsOfAnItem, WhatIsKnownOutlastsTheRowThatSaidIt) {
  const OneRow old{4, 0}, known{5, 1}, unknown{-9, 1};
  std::vector<OneRow> rows(kFewestFolded - 1, known);
  rows.push_back(unknown);  // folded before the old one comes
  rows.push_back(old);
  std::vector<bool> kept(rows.size(), false);
  kept[kFewestFolded - 1] = true;
  for (const int64_t memory_bytes : {int64_t{1}, kMuchMemory}) EXPECT_EQ(Kept(rows, memory_bytes), kept);
}

TEST(NewestRowsOfAnItem, AreTheSameWithAnyMemory) {
  std::mt19937 random(3);
  const auto draw = [&random](int count) {
    return static_cast<int>(random() % static_cast<uint32_t>(count));
  };
  for (int round = 0; round < 200; ++round) {
    const int ages = 2 + draw(8), partitions = 1 + draw(5), versions = 1 + draw(2);
    const int unknown_of_ten = draw(11);
    std::vector<OneRow> rows;
    for (size_t i = 0; i < kFewestFolded * 4; ++i) {
      const int64_t age = 1 + draw(ages);
      rows.push_back(
          {draw(10) < unknown_of_ten ? -age : age, static_cast<uint32_t>(draw(partitions)), draw(versions)});
    }
    ASSERT_EQ(Kept(rows, 1), Kept(rows)) << "round " << round;
  }
}

}  // namespace
}  // namespace earthcatalog::rows
