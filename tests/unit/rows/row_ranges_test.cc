#include "earthcatalog/rows/row_ranges.h"

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <random>
#include <vector>

#include "earthcatalog/geoparquet/file_body.h"
#include "earthcatalog/geoparquet/geo_metadata.h"
#include "earthcatalog/rows/data_file_reader.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::rows {
namespace {

using iceberg::Box;
using iceberg::Expression;

struct Row {
  std::string id;
  std::optional<int64_t> datetime;  // milliseconds
  std::optional<Box> bbox;
};

bool Matches(const Row& row, const Expression& search) {
  if (search.ids && !search.ids->contains(row.id)) return false;
  if (search.time && row.datetime &&
      (*row.datetime * 1000 < search.time->first || *row.datetime * 1000 > search.time->last)) {
    return false;
  }
  if (!search.boxes) return true;
  return row.bbox && std::any_of(search.boxes->begin(), search.boxes->end(), [&row](const iceberg::Box& box) {
           return row.bbox->west <= box.east && row.bbox->east >= box.west && row.bbox->south <= box.north &&
                  row.bbox->north >= box.south;
         });
}

constexpr int kRows = 3000;
constexpr int64_t kRowGroupRows = 700;

// Rows in the order of their datetime, as files have them, with all else drifting along.
std::vector<Row> MakeRows(std::minstd_rand* random) {
  const auto below = [random](int bound) { return std::uniform_int_distribution(0, bound - 1)(*random); };
  std::vector<Row> rows;
  for (int i = 0; i < kRows; ++i) {
    Row& row = rows.emplace_back();
    row.id = fmt::format("{:05}-{}", i + below(200), below(3));
    if (i < kRows - 300) row.datetime = i * 1000 + below(1000);
    const double west = below(10), south = i / 10 + below(20);
    if (below(7) != 0) row.bbox = {west, south, west + 1, below(20) == 0 ? std::nan("") : south + below(5)};
  }
  return rows;
}

std::shared_ptr<arrow::Table> AsTable(const std::vector<Row>& rows, bool boxes_hold) {
  arrow::StringBuilder ids;
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"),
                                arrow::default_memory_pool());
  std::vector<std::shared_ptr<arrow::DoubleBuilder>> sides(4);
  std::vector<std::shared_ptr<arrow::ArrayBuilder>> builders;
  arrow::FieldVector fields;
  for (size_t i = 0; i < 4; ++i) {
    builders.push_back(sides[i] = std::make_shared<arrow::DoubleBuilder>());
    fields.push_back(arrow::field(std::vector{"xmin", "ymin", "xmax", "ymax"}[i], arrow::float64()));
  }
  arrow::StructBuilder boxes(arrow::struct_(fields), arrow::default_memory_pool(), builders);
  for (const Row& row : rows) {
    EXPECT_TRUE(ids.Append(row.id).ok());
    EXPECT_TRUE((row.datetime ? times.Append(*row.datetime) : times.AppendNull()).ok());
    EXPECT_TRUE((row.bbox ? boxes.Append() : boxes.AppendNull()).ok());
    if (!row.bbox) continue;
    const double values[] = {row.bbox->west, row.bbox->south, row.bbox->east, row.bbox->north};
    for (size_t i = 0; i < 4; ++i) EXPECT_TRUE(sides[i]->Append(values[i]).ok());
  }
  const arrow::ArrayVector columns = {*ids.Finish(), *times.Finish(), *boxes.Finish()};
  return arrow::Table::Make(
      arrow::schema({arrow::field("id", columns[0]->type()), arrow::field("datetime", columns[1]->type()),
                     arrow::field("bbox", columns[2]->type())},
                    boxes_hold
                        ? arrow::key_value_metadata({geoparquet::kBoxRuleKey}, {geoparquet::kBoxesHold})
                        : nullptr),
      columns);
}

enum class Kind { kPlain, kWithPageIndex, kWithoutStatistics };

class RowRangesTest : public testing::Test {
 protected:
  // `created_by`: empty for Arrow's own.
  StoredFile Write(const std::vector<Row>& rows, Kind kind, bool boxes_hold = true,
                   const std::string& created_by = std::string(geoparquet::CreatedBy())) {
    parquet::WriterProperties::Builder properties;
    if (!created_by.empty()) properties.created_by(created_by);
    properties.disable_dictionary()->data_pagesize(256)->write_batch_size(16);
    if (kind == Kind::kWithoutStatistics) properties.disable_statistics();
    if (kind != Kind::kWithPageIndex) properties.disable_write_page_index();
    const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    EXPECT_TRUE(parquet::arrow::WriteTable(*AsTable(rows, boxes_hold), arrow::default_memory_pool(), sink,
                                           kRowGroupRows, properties.build(),
                                           parquet::ArrowWriterProperties::Builder().store_schema()->build())
                    .ok());
    const auto bytes = sink->Finish().ValueOrDie();
    return {"file:///x.parquet", bytes->size(), bytes};
  }

  // The rows that come of the file with the search, by their places.
  std::vector<RowRange> Read(const StoredFile& file, const Expression& search) {
    const iceberg::Pruner pruner(search);
    const auto folder = io::Resolve(folder_.path()).ValueOrDie();
    auto reader = DataFileReader::Open(folder, file, {"id"}, nullptr, &pruner).ValueOrDie();
    std::vector<RowRange> read;
    while (true) {
      const bool at_end = reader.AtEnd();
      const auto rows = reader.Next().ValueOrDie();
      EXPECT_EQ(rows.rows == nullptr, at_end);
      if (rows.rows == nullptr) return read;
      read.push_back({rows.first, rows.first + rows.rows->num_rows()});
    }
  }

  static bool Contains(const std::vector<RowRange>& ranges, int64_t row) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [row](const RowRange& range) { return range.begin <= row && row < range.end; });
  }

  static std::vector<RowRange> Ranges(const StoredFile& file, const Expression& search) {
    const auto reader =
        parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(file.bytes));
    return RowsThatMayMatch(reader.get(), iceberg::Pruner(search)).ValueOrDie();
  }

  static int64_t Count(const std::vector<RowRange>& ranges) {
    int64_t count = 0;
    for (const RowRange& range : ranges) count += range.end - range.begin;
    return count;
  }

  test::TempFolder folder_;
};

Expression SomeSearch(std::minstd_rand* random) {
  const auto below = [random](int bound) { return std::uniform_int_distribution(0, bound - 1)(*random); };
  Expression search;
  if (below(2) == 0) search.ids = {{fmt::format("{:05}-{}", below(kRows), below(3)), "x"}};
  if (below(2) == 0) {
    const int64_t first = int64_t{below(kRows)} * 1'000'000 + below(1'000'000);
    search.time = {first, first + below(100'000'000)};
  }
  if (below(2) == 0) {
    const double west = below(12), south = below(320);
    search.boxes = {{{west, south, west + below(3), south + below(5)}, {0, 900, 1, 901}}};
  }
  return search;
}

TEST_F(RowRangesTest, DangerARowThatMatchesIsPassedBy) {
  std::minstd_rand random(1);
  const std::vector<Row> rows = MakeRows(&random);
  for (const Kind kind : {Kind::kPlain, Kind::kWithPageIndex, Kind::kWithoutStatistics}) {
    const StoredFile file = Write(rows, kind);
    for (int i = 0; i < 100; ++i) {
      const Expression search = SomeSearch(&random);
      const auto possible = Ranges(file, search);
      const auto read = Read(file, search);
      for (int row = 0; row < kRows; ++row) {
        if (!Matches(rows[static_cast<size_t>(row)], search)) continue;
        EXPECT_TRUE(Contains(possible, row)) << "search " << i << ", row " << row;
        EXPECT_TRUE(Contains(read, row)) << "search " << i << ", row " << row;
      }
    }
  }
}

TEST_F(RowRangesTest, RowGroupsAndPagesArePassedBy) {
  std::minstd_rand random(1);
  const std::vector<Row> rows = MakeRows(&random);
  const Expression search{.boxes = {{{0, 100, 20, 101}}}};  // about row 1000
  EXPECT_EQ(Count(Ranges(Write(rows, Kind::kWithoutStatistics), search)), kRows);
  EXPECT_EQ(Count(Ranges(Write(rows, Kind::kPlain), search)), kRowGroupRows);
  const StoredFile file = Write(rows, Kind::kWithPageIndex);
  EXPECT_LT(Count(Ranges(file, search)), 350);
  EXPECT_GT(Count(Ranges(file, search)), 0);
  EXPECT_EQ(Count(Read(file, {.boxes = {{{0, 1000, 1, 1001}}}})), 0);
  EXPECT_EQ(Count(Read(file, {})), kRows);
}

TEST_F(RowRangesTest, DangerBoxesOfAnotherWriterAreTrusted) {
  std::minstd_rand random(1);
  const StoredFile file = Write(MakeRows(&random), Kind::kWithPageIndex, /*boxes_hold=*/false);
  EXPECT_EQ(Count(Ranges(file, {.boxes = {{{0, 1000, 1, 1001}}}})), kRows);
  // As PyArrow writes what it has read of ours.
  const StoredFile copy =
      Write(MakeRows(&random), Kind::kWithPageIndex, /*boxes_hold=*/true, /*created_by=*/"");
  EXPECT_EQ(Count(Ranges(copy, {.boxes = {{{0, 1000, 1, 1001}}}})), kRows);
  const iceberg::TimeInterval time{0, 1'000'000};
  EXPECT_LT(Count(Ranges(file, {.boxes = {{{0, 1000, 1, 1001}}}, .time = time})), kRows / 2);
}

// Of rows without datetime it is not known when they were.
TEST_F(RowRangesTest, ATimeKeepsRowsThatHaveNone) {
  std::minstd_rand random(1);
  const StoredFile file = Write(MakeRows(&random), Kind::kWithPageIndex);
  const auto rows = Ranges(file, {.time = iceberg::TimeInterval{-10, -1}});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_LE(rows[0].begin, kRows - 300);
  EXPECT_GT(rows[0].begin, kRows - 400);
  EXPECT_EQ(rows[0].end, kRows);
}

}  // namespace
}  // namespace earthcatalog::rows
