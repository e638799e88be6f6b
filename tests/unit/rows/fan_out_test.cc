#include "earthcatalog/rows/fan_out.h"

#include <arrow/json/from_string.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace earthcatalog::rows {
namespace {

using testing::ElementsAre;

const auto kSchema =
    arrow::schema({arrow::field("id", arrow::utf8()), arrow::field("platform", arrow::utf8()),
                   arrow::field("datetime", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                   arrow::field("grid_partition", arrow::utf8())});

AssignedItems MakeBatch(const std::string& ids, const std::string& platforms, const std::string& datetimes,
                        std::vector<std::vector<grid::CellId>> cells) {
  AssignedItems batch;
  const auto column = [](const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
    return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  };
  const auto schema = arrow::schema({kSchema->field(0), kSchema->field(1), kSchema->field(2)});
  batch.rows = arrow::RecordBatch::Make(schema, static_cast<int64_t>(cells.size()),
                                        {column(arrow::utf8(), ids), column(arrow::utf8(), platforms),
                                         column(schema->field(2)->type(), datetimes)});
  batch.item_bytes.resize(cells.size());
  batch.cells.offsets = {0};
  for (const auto& of_item : cells) {
    batch.cells.cells.insert(batch.cells.cells.end(), of_item.begin(), of_item.end());
    batch.cells.offsets.push_back(static_cast<uint32_t>(batch.cells.cells.size()));
  }
  return batch;
}

std::vector<std::string> IdsOf(const FannedOut& rows, const FileGroup& group) {
  const auto& ids = static_cast<const arrow::StringArray&>(*rows.items->GetColumnByName("id"));
  std::vector<std::string> result;
  for (size_t i = group.begin; i < group.end; ++i) result.push_back(ids.GetString(rows.order[i]));
  return result;
}

TEST(FanOut, OneRowPerCellInFileOrder) {
  std::vector<AssignedItems> items;
  items.push_back(MakeBatch(R"(["d", "c"])", R"(["s1", null])",
                            R"(["2020-05-01T00:00:00", "2020-01-01T00:00:00"])", {{10}, {10, 20}}));
  items.push_back(MakeBatch(R"(["b", "a", "e"])", R"(["s1", "s1", "s1"])",
                            R"(["2020-05-01T00:00:00", "2021-01-01T00:00:00", null])", {{10}, {10}, {10}}));
  const FannedOut rows = FanOut(*kSchema, std::move(items)).ValueOrDie();
  ASSERT_EQ(rows.groups.size(), 4u);
  EXPECT_EQ(rows.order.size(), 6u);
  EXPECT_EQ(rows.items->num_rows(), 5);

  EXPECT_EQ(rows.groups[0].cell, 10u);
  EXPECT_EQ(rows.groups[0].year, 2020);
  EXPECT_THAT(IdsOf(rows, rows.groups[0]), ElementsAre("b", "d", "c"));  // no platform sorts last
  EXPECT_EQ(rows.groups[1].year, 2021);
  EXPECT_THAT(IdsOf(rows, rows.groups[1]), ElementsAre("a"));
  EXPECT_EQ(rows.groups[2].cell, 10u);
  EXPECT_EQ(rows.groups[2].year, std::nullopt);
  EXPECT_THAT(IdsOf(rows, rows.groups[2]), ElementsAre("e"));
  EXPECT_EQ(rows.groups[3].cell, 20u);
  EXPECT_THAT(IdsOf(rows, rows.groups[3]), ElementsAre("c"));
}

TEST(FanOut, InstantsBefore1970AreInTheirOwnYear) {
  std::vector<AssignedItems> items;
  items.push_back(MakeBatch(R"(["a", "b"])", R"([null, null])",
                            R"(["1969-12-31T23:59:59.999999", "1970-01-01T00:00:00"])", {{1}, {1}}));
  const FannedOut rows = FanOut(*kSchema, std::move(items)).ValueOrDie();
  ASSERT_EQ(rows.groups.size(), 2u);
  EXPECT_EQ(rows.groups[0].year, 1969);
  EXPECT_EQ(rows.groups[1].year, 1970);
}

struct Version {
  std::string id, datetime;
  std::vector<grid::CellId> cells;
};

// The part of each version, in the order given; each must be in the group of its cell.
std::vector<uint32_t> PartsOf(const std::vector<Version>& versions) {
  std::vector<AssignedItems> items;
  for (const Version& version : versions) {
    items.push_back(MakeBatch(fmt::format("[\"{}\"]", version.id), "[\"s1\"]",
                              fmt::format("[\"{}\"]", version.datetime), {version.cells}));
  }
  const FannedOut rows = FanOut(*kSchema, std::move(items)).ValueOrDie();
  std::vector<uint32_t> parts(versions.size());
  uint32_t most = 0;
  for (const FileGroup& group : rows.groups) {
    for (size_t i = group.begin; i < group.end; ++i) {
      parts[static_cast<size_t>(rows.order[i])] = group.part;
      // Of the versions of an item in one file the later are behind the earlier.
      if (i > group.begin) {
        EXPECT_TRUE(rows.order[i - 1] < rows.order[i] ||
                    IdsOf(rows, group)[i - group.begin - 1] != IdsOf(rows, group)[i - group.begin]);
      }
    }
    most = std::max(most, group.part);
  }
  EXPECT_EQ(rows.parts, most + 1);
  return parts;
}

TEST(FanOut, DangerTheLastVersionOfAnItemCannotBeTold) {
  const std::string may = "2020-05-01T00:00:00", june = "2020-06-01T00:00:00";
  EXPECT_THAT(PartsOf({{"a", may, {1}}, {"b", june, {1, 2}}, {"c", may, {2}}}), ElementsAre(0, 0, 0));
  EXPECT_THAT(PartsOf({{"a", june, {1}}, {"b", june, {1}}, {"a", may, {1}}}), ElementsAre(0, 0, 1))
      << "it would be sorted before the first";
  EXPECT_THAT(PartsOf({{"a", may, {1, 2}}, {"a", may, {2, 3}}, {"a", may, {1, 2}}}), ElementsAre(0, 1, 2));
}

TEST(FanOut, ARowThatIsRepeatedMakesNoMoreFiles) {
  EXPECT_THAT(PartsOf(std::vector<Version>(50, {"a", "2020-05-01T00:00:00", {1, 2}})),
              testing::Each(testing::Eq(0u)));
}

TEST(FanOut, BatchesWithoutItemsHaveNoGroups) {
  std::vector<AssignedItems> items;
  items.push_back(MakeBatch("[]", "[]", "[]", {}));
  const FannedOut rows = FanOut(*kSchema, std::move(items)).ValueOrDie();
  EXPECT_TRUE(rows.groups.empty());
}

}  // namespace
}  // namespace earthcatalog::rows
