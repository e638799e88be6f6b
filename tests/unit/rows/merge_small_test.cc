// Small files of many partitions merged at once, against what each partition alone must give.
#include "earthcatalog/rows/merge_small.h"

#include "unit/rows/merge_files.h"

namespace earthcatalog::rows {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class MergeSmallTest : public MergeTest {
 protected:
  Result<std::optional<MergedSmallFiles>> Merge(const std::vector<MergeInput>& inputs,
                                                const std::vector<iceberg::Partition>& partitions,
                                                int64_t memory_bytes = 64 << 20) {
    return MergeSmallFiles(Folder(), inputs, partitions, TableSchema(), memory_bytes, cancel_);
  }

  static std::vector<int64_t> NumbersOf(const FannedOut& rows, const FileGroup& group) {
    std::vector<int64_t> all, numbers;
    Check(*rows.items, &all);
    for (size_t i = group.begin; i < group.end; ++i) {
      numbers.push_back(all[static_cast<size_t>(rows.order[i])]);
    }
    return numbers;
  }
};

std::vector<iceberg::Partition> Partitions(size_t count) {
  std::vector<iceberg::Partition> partitions;
  for (size_t i = 0; i < count; ++i) partitions.push_back({fmt::format("cell{}", i), static_cast<int>(i)});
  return partitions;
}

class RandomPartitions : public MergeSmallTest, public testing::WithParamInterface<uint32_t> {};

TEST_P(RandomPartitions, GiveEachTheNewestVersionsOfItsOwnItems) {
  constexpr size_t kPartitions = 5;
  std::vector<std::vector<File>> files(kPartitions);
  std::vector<std::vector<std::string>> uris(kPartitions);
  std::vector<MergeInput> inputs;
  int64_t first = 0;
  for (size_t p = 0; p < kPartitions; ++p) {
    files[p] = RandomFiles(GetParam() * 100 + static_cast<uint32_t>(p));
    if (p == 3) files[p].clear();
    for (File& file : files[p]) {
      for (Row& row : file.rows) {
        row.number += first;
        if (row.id) row.id = fmt::format("{}-{}", p, *row.id);  // so that no other partition has it
      }
      MergeInput input = Write(file, inputs.size());
      input.partition = static_cast<uint32_t>(p);
      uris[p].push_back(input.file.uri);
      inputs.push_back(std::move(input));
    }
    first += 1'000'000;
  }
  std::shuffle(inputs.begin(), inputs.end(), std::mt19937(GetParam()));
  auto merged = Merge(inputs, Partitions(kPartitions));
  ASSERT_TRUE(merged.ok()) << merged.status();
  const auto& [schema, rows] = merged->value();
  EXPECT_NE(schema->GetFieldByName("count"), nullptr);
  EXPECT_EQ(schema->GetFieldByName("never"), nullptr);
  size_t next = 0;
  for (size_t p = 0; p < kPartitions; ++p) {
    const std::vector<int64_t> expected = Model(files[p], uris[p]);
    if (expected.empty()) continue;
    ASSERT_LT(next, rows.groups.size());
    const FileGroup& group = rows.groups[next++];
    EXPECT_EQ(group.cell, p);
    EXPECT_EQ(group.year, 1970 + static_cast<int>(p));
    ExpectSameRows(NumbersOf(rows, group), expected, files[p]);
  }
  EXPECT_EQ(next, rows.groups.size());
  if (next > 0) {
    EXPECT_TRUE(rows.items->ValidateFull().ok());
    EXPECT_EQ(static_cast<int64_t>(rows.item_bytes.size()), rows.items->num_rows());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPartitions, testing::Range(0U, 12U));

Row Version(const char* id, int64_t number, std::optional<int64_t> updated) {
  Row row;
  row.id = id;
  row.number = number;
  row.updated = updated;
  return row;
}

TEST_F(MergeSmallTest, AnItemThatMovedStaysWhereItsNewestVersionIs) {
  std::vector<MergeInput> inputs =
      Write({{1, 0, {Version("moved", 1, 10), Version("stays", 2, 10)}}, {2, 0, {Version("moved", 3, 20)}}});
  inputs[1].partition = 1;
  const auto merged = Merge(inputs, Partitions(2)).ValueOrDie().value();
  ASSERT_EQ(merged.rows.groups.size(), 2u);
  EXPECT_THAT(NumbersOf(merged.rows, merged.rows.groups[0]), ElementsAre(2));
  EXPECT_THAT(NumbersOf(merged.rows, merged.rows.groups[1]), ElementsAre(3));
}

TEST_F(MergeSmallTest, AnItemInSeveralCellsStaysInAllOfThem) {
  std::vector<MergeInput> inputs =
      Write({{1, 0, {Version("wide", 1, 10)}}, {1, 0, {Version("wide", 2, 10)}}});
  inputs[1].partition = 1;
  const auto merged = Merge(inputs, Partitions(2)).ValueOrDie().value();
  EXPECT_EQ(merged.rows.groups.size(), 2u);
}

TEST_F(MergeSmallTest, RowsThatTakeTooMuchAreLeftToOthers) {
  const std::vector<MergeInput> inputs = Write({{1, 0, {Version("a", 1, 10)}}});
  EXPECT_FALSE(Merge(inputs, Partitions(1), /*memory_bytes=*/1).ValueOrDie().has_value());
}

TEST_F(MergeSmallTest, WithoutRowsThereAreNoGroups) {
  const auto merged = Merge(Write({{1, 0, {}}}), Partitions(1)).ValueOrDie().value();
  EXPECT_TRUE(merged.rows.groups.empty());
}

TEST_F(MergeSmallTest, AFileThatCannotBeReadIsNamed) {
  std::vector<MergeInput> inputs = Write({{1, 0, {Version("a", 1, 10)}}, {2, 0, {Version("b", 2, 10)}}});
  const std::string path = Folder().Other(inputs[1].file.uri).ValueOrDie().path;
  std::filesystem::resize_file(path, 100);
  inputs[1].file.size = 100;
  const Status status = Merge(inputs, Partitions(1)).status();
  EXPECT_THAT(status.ToString(), HasSubstr(path));
}

}  // namespace
}  // namespace earthcatalog::rows
