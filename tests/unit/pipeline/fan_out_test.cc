#include "earthcatalog/pipeline/fan_out.h"

#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace earthcatalog::pipeline {
namespace {

using testing::ElementsAre;

const auto kSchema =
    arrow::schema({arrow::field("id", arrow::utf8()), arrow::field("platform", arrow::utf8()),
                   arrow::field("datetime", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                   arrow::field("grid_partition", arrow::utf8())});

EncodedBatch MakeBatch(const std::string& ids, const std::string& platforms, const std::string& datetimes,
                       std::vector<std::vector<grid::CellId>> cells) {
  EncodedBatch batch;
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
  Chunk chunk;
  chunk.batches.push_back(MakeBatch(R"(["d", "c"])", R"(["s1", null])",
                                    R"(["2020-05-01T00:00:00", "2020-01-01T00:00:00"])", {{10}, {10, 20}}));
  chunk.batches.push_back(MakeBatch(R"(["b", "a", "e"])", R"(["s1", "s1", "s1"])",
                                    R"(["2020-05-01T00:00:00", "2021-01-01T00:00:00", null])",
                                    {{10}, {10}, {10}}));
  const FannedOut rows = FanOut(*kSchema, std::move(chunk)).ValueOrDie();
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
  Chunk chunk;
  chunk.batches.push_back(MakeBatch(R"(["a", "b"])", R"([null, null])",
                                    R"(["1969-12-31T23:59:59.999999", "1970-01-01T00:00:00"])", {{1}, {1}}));
  const FannedOut rows = FanOut(*kSchema, std::move(chunk)).ValueOrDie();
  ASSERT_EQ(rows.groups.size(), 2u);
  EXPECT_EQ(rows.groups[0].year, 1969);
  EXPECT_EQ(rows.groups[1].year, 1970);
}

TEST(FanOut, AChunkWithoutItemsHasNoGroups) {
  Chunk chunk;
  chunk.batches.push_back(MakeBatch("[]", "[]", "[]", {}));
  const FannedOut rows = FanOut(*kSchema, std::move(chunk)).ValueOrDie();
  EXPECT_TRUE(rows.groups.empty());
}

}  // namespace
}  // namespace earthcatalog::pipeline
