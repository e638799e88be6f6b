// Parquet files whose rows tell their place.
#pragma once

#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <string>

#include "earthcatalog/rows/data_file_reader.h"

namespace earthcatalog::rows {

inline constexpr int64_t kNumbersRowGroup = 1500;  // a batch and a half

inline std::string NumberText(int64_t number, size_t bytes) {
  std::string text = std::to_string(number);
  text.resize(bytes, 'x');
  return text;
}

// A file of rows `first`, `first` + 1, … in the column `number`; with `text`, of so many bytes, in each row.
inline StoredFile WriteNumbers(const io::Location& folder, int64_t first, int64_t count, size_t text_bytes,
                               arrow::Compression::type compression = arrow::Compression::UNCOMPRESSED) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (int64_t i = first; i < first + count; ++i) {
    EXPECT_TRUE(numbers.Append(i).ok());
    EXPECT_TRUE(texts.Append(NumberText(i, text_bytes)).ok());
  }
  const auto schema =
      arrow::schema({arrow::field("number", arrow::int64()), arrow::field("text", arrow::utf8())});
  const auto table = arrow::Table::Make(schema, {*numbers.Finish(), *texts.Finish()});
  const io::Location location = folder.Join(std::to_string(first) + ".parquet");
  const auto sink = arrow::io::FileOutputStream::Open(location.path).ValueOrDie();
  const auto properties = parquet::WriterProperties::Builder().compression(compression)->build();
  EXPECT_TRUE(
      parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, kNumbersRowGroup, properties)
          .ok());
  EXPECT_TRUE(sink->Close().ok());
  return {location.uri, static_cast<int64_t>(std::filesystem::file_size(location.path))};
}

}  // namespace earthcatalog::rows
