// Which rows are superseded, with more and with less memory than they need.
#include "earthcatalog/rows/newest_rows.h"

#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

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
  NewestRows newest({{"b", 1}, {"part_000001_aaaaaaaa.parquet", 2}, {"z", 0}}, GetParam(), folder_.path());
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
  EXPECT_EQ(newest.spilled(), GetParam() < 40 * kIds * 3);
  EXPECT_EQ(newest.row_count(), 3 * kIds);
  EXPECT_EQ(newest.kept_count(), kIds + kIds / 2);
  for (int64_t row = 0; row < kIds; ++row) {
    EXPECT_TRUE(newest.Keeps(1, row));
    EXPECT_EQ(newest.Keeps(0, row), row >= kIds / 2);  // ids that only the first file has
    EXPECT_FALSE(newest.Keeps(2, row));
  }
}

// Portions by hash do not make these fewer: they must not be cut for ever.
TEST_P(NewestRowsTest, DangerOneItemFarMoreOftenThanFits) {
  NewestRows newest({{"a", 0}}, GetParam(), folder_.path());
  const std::vector<int64_t> same(10'000, 7);
  for (int64_t first = 0; first < 300'000; first += 10'000) {
    ASSERT_TRUE(newest.Add(0, *Ids(same), first).ok());
  }
  ASSERT_TRUE(newest.Finish().ok());
  EXPECT_EQ(newest.kept_count(), 1);
  EXPECT_TRUE(newest.Keeps(0, 299'999));
  EXPECT_FALSE(newest.spilled());
}

INSTANTIATE_TEST_SUITE_P(Memory, NewestRowsTest, testing::Values(1, 64 << 10, 1 << 20, 64 << 20));

TEST(NewestRows, AFileWithoutIdsIsNamed) {
  NewestRows newest({{"file:///a.parquet", 0}}, 1 << 20, {});
  const auto rows = Ids({1})->RenameColumns({"other"}).ValueOrDie();
  const Status status = newest.Add(0, *rows, 0);
  EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt);
  EXPECT_THAT(status.message(), testing::HasSubstr("file:///a.parquet"));
}

TEST(NewestRows, AFolderThatIsNotThereIsNamed) {
  NewestRows newest({{"a", 0}}, 1, "/no such folder");
  std::vector<int64_t> ids(1000);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int64_t>(i);
  EXPECT_THAT(newest.Add(0, *Ids(ids), 0).message(), testing::HasSubstr("/no such folder"));
}

}  // namespace
}  // namespace earthcatalog::rows
