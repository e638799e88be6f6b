#include "earthcatalog/geoparquet/stream_writer.h"

#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include "earthcatalog/geoparquet/large_file.h"
#include "unit/geoparquet/example_rows.h"
#include "unit/geoparquet/read_back.h"

namespace earthcatalog::geoparquet {
namespace {

EncodedFile Stream(const arrow::RecordBatchVector& parts, const StreamOptions& options = {}) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto schema = parts.empty() ? ExampleSchema() : parts[0]->schema();
  const auto writer = MakeStreamWriter(schema, sink, options).ValueOrDie();
  for (const auto& part : parts) EXPECT_TRUE(writer->Write(part).ok());
  auto metrics = writer->Finish();
  EXPECT_TRUE(metrics.ok()) << metrics.status();
  EXPECT_FALSE(sink->closed());
  return {sink->Finish().ValueOrDie(), *std::move(metrics)};
}

// In columns that all of their rows together use.
arrow::RecordBatchVector ManyParts() {
  const std::string used = FindUsedColumns(*ExampleRows(0, 14));
  const auto schema = SelectColumns(used, *ExampleSchema());
  arrow::RecordBatchVector parts;
  int first = 0;
  for (int i = 0; i < 400; ++i) {
    const int count = i % 150 == 149 ? 3000 : 1 + i % 3;
    parts.push_back(SelectColumns(used, schema, *ExampleRows(first, count)));
    first += count;
  }
  return parts;
}

std::shared_ptr<arrow::RecordBatch> OneOf(const arrow::RecordBatchVector& parts) {
  return arrow::Table::FromRecordBatches(parts).ValueOrDie()->CombineChunksToBatch().ValueOrDie();
}

TEST(StreamWriter, PartsBecomeRowGroups) {
  const auto part = ExampleRows(0, 1000);
  const arrow::RecordBatchVector parts(100, part);
  const EncodedFile file = Stream(parts);
  ExpectReadsBack(file, OneOf(parts));
  const auto footer = OpenFile(file.bytes)->metadata();
  ASSERT_EQ(footer->num_row_groups(), 2);
  EXPECT_EQ(footer->RowGroup(0)->num_rows(), 66'000);  // the part that fills it is the last
  EXPECT_GE(footer->RowGroup(0)->num_rows(), kRowGroupRows);
  EXPECT_EQ(MetadataOf(file, "geo"), MetadataOf(WriteFile(*part), "geo"));  // the same places again and again
}

// Small batches are united on the way: rows stay in their order, whatever comes between.
TEST(StreamWriter, SmallPartsAndLargeOnesKeepTheirOrder) {
  const arrow::RecordBatchVector parts = ManyParts();
  ExpectReadsBack(Stream(parts), OneOf(parts));
}

// Texts of a row group that is gone are still known.
TEST(StreamWriter, MetricsAreThoseOfTheOtherWriterHoweverManyRowGroups) {
  const arrow::RecordBatchVector parts = ManyParts();
  FileMetrics expected = WriteFile(*OneOf(parts)).metrics;
  for (const int64_t row_group_bytes : {1LL, 100LL << 10, 1LL << 30}) {
    EncodedFile file = Stream(parts, {row_group_bytes});
    const auto footer = OpenFile(file.bytes)->metadata();
    EXPECT_EQ(file.metrics.split_offsets.size(), static_cast<size_t>(footer->num_row_groups()));
    EXPECT_EQ(footer->num_row_groups() > 1, row_group_bytes < 1 << 30);
    EXPECT_EQ(file.metrics, ReadMetrics(file.bytes, *parts[0]->schema()));
    // How many bytes columns have depends on the row groups.
    ASSERT_EQ(file.metrics.columns.size(), expected.columns.size());
    for (size_t i = 0; i < expected.columns.size(); ++i) {
      expected.columns[i].compressed_bytes = file.metrics.columns[i].compressed_bytes;
    }
    expected.split_offsets = file.metrics.split_offsets;
    EXPECT_EQ(file.metrics, expected);
  }
}

TEST(StreamWriter, EstimatesWhatTheFileBecomes) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto part = ExampleRows(0, 1000);
  const auto writer = MakeStreamWriter(ExampleSchema(), sink, {400 << 10}).ValueOrDie();
  int64_t last = 0;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(writer->Write(part).ok());
    last = writer->EstimatedBytes().ValueOrDie();
  }
  ASSERT_TRUE(writer->Finish().ok());
  const int64_t size = sink->Finish().ValueOrDie()->size();
  EXPECT_GT(last, size / 2);
  EXPECT_LT(last, size);
}

TEST(StreamWriter, NoRowsAreAFileOfNone) {
  const EncodedFile file = Stream({});
  const auto table = ReadBack(file.bytes);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->num_rows(), 0);
  EXPECT_EQ(table->num_columns(), ExampleSchema()->num_fields());
}

TEST(StreamWriter, RowsOfOtherColumnsAreRefused) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = MakeStreamWriter(ExampleSchema(), sink).ValueOrDie();
  EXPECT_FALSE(writer->Write(ExampleRows(0, 2)->RemoveColumn(0).ValueOrDie()).ok());
}

}  // namespace
}  // namespace earthcatalog::geoparquet
