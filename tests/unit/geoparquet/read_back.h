// Files read by Parquet's own library, to compare with what was to be written.
#pragma once

#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <memory>

#include "earthcatalog/geoparquet/read_metrics.h"
#include "earthcatalog/geoparquet/used_columns.h"
#include "earthcatalog/geoparquet/writer.h"

namespace earthcatalog::geoparquet {

inline std::unique_ptr<parquet::ParquetFileReader> OpenFile(const std::shared_ptr<arrow::Buffer>& bytes) {
  return parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(bytes));
}

inline std::shared_ptr<arrow::Table> ReadBack(const std::shared_ptr<arrow::Buffer>& bytes) {
  const auto input = std::make_shared<arrow::io::BufferReader>(bytes);
  const auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
  const auto table = reader->ReadTable();
  EXPECT_TRUE(table.ok()) << table.status().ToString();
  return table.ValueOr(nullptr);
}

inline FileMetrics ReadMetrics(const std::shared_ptr<arrow::Buffer>& bytes, const arrow::Schema& table) {
  auto metrics = ReadMetrics(std::make_shared<arrow::io::BufferReader>(bytes), table);
  EXPECT_TRUE(metrics.ok()) << metrics.status();
  return *std::move(metrics);
}

inline EncodedFile WriteFile(const arrow::RecordBatch& rows) {
  return MakeWriter(rows.schema()).ValueOrDie()->Write(rows).ValueOrDie();
}

inline std::string MetadataOf(const EncodedFile& file, const std::string& key) {
  return OpenFile(file.bytes)->metadata()->key_value_metadata()->Get(key).ValueOr("");
}

// What of the rows is in a file: columns without a value are not.
inline std::shared_ptr<arrow::RecordBatch> UsedOf(const arrow::RecordBatch& rows) {
  const std::string used = FindUsedColumns(rows);
  return SelectColumns(used, SelectColumns(used, *rows.schema()), rows);
}

// Rows, names, types and field ids.
inline void ExpectReadsBack(const EncodedFile& file, const std::shared_ptr<arrow::RecordBatch>& rows) {
  const auto wanted = arrow::Table::FromRecordBatches({rows}).ValueOrDie();
  const auto table = ReadBack(file.bytes);
  ASSERT_NE(table, nullptr);
  EXPECT_TRUE(table->ValidateFull().ok());
  EXPECT_TRUE(table->schema()->Equals(wanted->schema()->WithMetadata(table->schema()->metadata()), true))
      << table->schema()->ToString(true) << "\ninstead of\n"
      << wanted->schema()->ToString(true);
  EXPECT_TRUE(table->CombineChunks().ValueOrDie()->Equals(*wanted, false)) << table->ToString();
  EXPECT_EQ(file.metrics.record_count, rows->num_rows());
}

}  // namespace earthcatalog::geoparquet
