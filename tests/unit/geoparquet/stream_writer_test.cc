#include "earthcatalog/geoparquet/stream_writer.h"

#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gtest/gtest.h>

#include "earthcatalog/geoparquet/large_file.h"
#include "unit/geoparquet/example_rows.h"
#include "unit/geoparquet/read_back.h"

namespace earthcatalog::geoparquet {
namespace {

EncodedFile Stream(const arrow::RecordBatchVector& parts) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = MakeStreamWriter(ExampleSchema(), sink).ValueOrDie();
  int64_t rows = 0;
  for (const auto& part : parts) {
    EXPECT_TRUE(writer->Write(part).ok());
    rows += part->num_rows();
  }
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_FALSE(sink->closed());
  return {sink->Finish().ValueOrDie(), rows, {}, {}};
}

TEST(StreamWriter, PartsBecomeRowGroups) {
  const auto part = ExampleRows(0, 1000);
  const arrow::RecordBatchVector parts(100, part);
  const EncodedFile file = Stream(parts);
  ExpectReadsBack(file,
                  arrow::Table::FromRecordBatches(parts).ValueOrDie()->CombineChunksToBatch().ValueOrDie());
  const auto footer = OpenFile(file.bytes)->metadata();
  ASSERT_EQ(footer->num_row_groups(), 2);
  EXPECT_EQ(footer->RowGroup(0)->num_rows(), 66'000);  // the part that fills it is the last
  EXPECT_GE(footer->RowGroup(0)->num_rows(), kRowGroupRows);
  EXPECT_EQ(MetadataOf(file, "geo"), MetadataOf(WriteFile(*part), "geo"));  // the same places again and again
}

// Small batches are united on the way: rows stay in their order, whatever comes between.
TEST(StreamWriter, SmallPartsAndLargeOnesKeepTheirOrder) {
  arrow::RecordBatchVector parts;
  int first = 0;
  for (int i = 0; i < 400; ++i) {
    const int count = i % 150 == 149 ? 3000 : 1 + i % 3;
    parts.push_back(ExampleRows(first, count));
    first += count;
  }
  const auto rows = arrow::Table::FromRecordBatches(parts).ValueOrDie()->CombineChunksToBatch().ValueOrDie();
  ExpectReadsBack(Stream(parts), rows);
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
