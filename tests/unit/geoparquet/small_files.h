// Small files read by Parquet's library, as SmallFilesReader is to read them.
#pragma once

#include <arrow/api.h>
#include <arrow/compare.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/geoparquet/small_file_reader.h"
#include "earthcatalog/geoparquet/used_columns.h"
#include "earthcatalog/io/location.h"
#include "earthcatalog/rows/conform.h"
#include "earthcatalog/rows/data_file_reader.h"

namespace earthcatalog::geoparquet {

using Bytes = std::shared_ptr<arrow::Buffer>;

inline constexpr int64_t kTestLimit = 64 << 20;

inline std::unique_ptr<SmallFilesReader> MakeReader(const std::shared_ptr<arrow::Schema>& table,
                                                    int64_t limit = kTestLimit) {
  return SmallFilesReader::Make(table, limit).ValueOrDie();
}

inline std::string_view ViewOf(const Bytes& file) { return std::string_view(*file); }

// All rows of the files, in the columns that any of them has.
inline Result<std::shared_ptr<arrow::RecordBatch>> ReadByLibrary(
    const std::vector<Bytes>& files, const std::shared_ptr<arrow::Schema>& table) {
  ARROW_ASSIGN_OR_RAISE(const auto folder, io::Resolve("/tmp"));
  PresentColumns present;
  arrow::RecordBatchVector batches;
  for (const Bytes& file : files) {
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          rows::DataFileReader::Open(folder, {"/tmp/a-file", file->size(), file}));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto rows, reader.Next());
      if (rows.rows == nullptr) break;
      present.Add(*rows.rows->schema());
      batches.push_back(std::move(rows.rows));
    }
  }
  const auto schema = present.Of(*table);
  if (batches.empty()) return arrow::RecordBatch::MakeEmpty(schema);
  return rows::JoinRows(std::move(batches), schema);
}

inline void ExpectSameRows(const std::shared_ptr<arrow::RecordBatch>& found,
                           const std::shared_ptr<arrow::RecordBatch>& wanted) {
  ASSERT_TRUE(found->Validate().ok()) << found->Validate();
  ASSERT_TRUE(found->schema()->Equals(*wanted->schema(), true))
      << found->schema()->ToString(true) << "\ninstead of\n"
      << wanted->schema()->ToString(true);
  ASSERT_EQ(found->num_rows(), wanted->num_rows());
  const auto options = arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
  for (int i = 0; i < found->num_columns(); ++i) {
    const auto &a = found->column(i), &b = wanted->column(i);
    EXPECT_TRUE(a->Equals(*b, options)) << wanted->schema()->field(i)->ToString() << "\n"
                                        << a->ToString() << "\ninstead of\n"
                                        << b->ToString();
    // What is not UTF-8 in a file is not in its batch.
    EXPECT_EQ(a->ValidateFull().ok(), b->ValidateFull().ok()) << a->ValidateFull();
  }
}

// That the reader takes all of the files, as Parquet's library does.
inline void ExpectReads(const std::vector<Bytes>& files, const std::shared_ptr<arrow::Schema>& table,
                        SmallFilesReader* reader) {
  const auto wanted = ReadByLibrary(files, table);
  ASSERT_TRUE(wanted.ok()) << wanted.status();
  for (const Bytes& file : files) ASSERT_TRUE(reader->Append(ViewOf(file)));
  EXPECT_EQ(reader->rows(), (*wanted)->num_rows());
  const auto found = reader->Finish();
  ASSERT_TRUE(found.ok()) << found.status();
  ExpectSameRows(*found, *wanted);
  EXPECT_EQ(reader->rows(), 0);
  EXPECT_EQ(reader->bytes(), 0);
}
inline void ExpectReads(const std::vector<Bytes>& files, const std::shared_ptr<arrow::Schema>& table) {
  ExpectReads(files, table, MakeReader(table).get());
}

// How another writer stores a file.
struct ForeignFile {
  bool dictionary = true;
  bool v2 = false;
  arrow::Compression::type codec = arrow::Compression::ZSTD;
  int64_t group_rows = 1 << 20;
  int64_t page_bytes = 1 << 20;
  bool store_schema = true;
};

inline Bytes WriteForeign(const arrow::RecordBatch& rows, const ForeignFile& how = {}) {
  parquet::WriterProperties::Builder properties;
  properties.compression(how.codec)
      ->data_pagesize(how.page_bytes)
      ->write_batch_size(how.page_bytes < 100 ? 3 : 1024);
  properties.data_page_version(how.v2 ? parquet::ParquetDataPageVersion::V2
                                      : parquet::ParquetDataPageVersion::V1);
  if (!how.dictionary) properties.disable_dictionary();
  parquet::ArrowWriterProperties::Builder arrow_properties;
  if (how.store_schema) arrow_properties.store_schema();
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto table = arrow::Table::Make(rows.schema(), rows.columns(), rows.num_rows());
  const Status written =
      parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, how.group_rows,
                                 properties.build(), arrow_properties.build());
  EXPECT_TRUE(written.ok()) << written;
  return sink->Finish().ValueOrDie();
}

// The field, and all below it, without field ids.
inline std::shared_ptr<arrow::Field> WithoutIds(const std::shared_ptr<arrow::Field>& field) {
  arrow::FieldVector children;
  for (const auto& child : field->type()->fields()) children.push_back(WithoutIds(child));
  std::shared_ptr<arrow::DataType> type = field->type();
  if (type->id() == arrow::Type::STRUCT) type = arrow::struct_(children);
  if (type->id() == arrow::Type::LIST) type = arrow::list(children[0]);
  return arrow::field(field->name(), type, field->nullable());
}

inline std::shared_ptr<arrow::RecordBatch> WithoutIds(const arrow::RecordBatch& rows) {
  arrow::FieldVector fields;
  for (const auto& field : rows.schema()->fields()) fields.push_back(WithoutIds(field));
  const auto schema = arrow::schema(fields);
  auto columns = rows.columns();
  for (size_t i = 0; i < columns.size(); ++i) columns[i] = columns[i]->View(fields[i]->type()).ValueOrDie();
  return arrow::RecordBatch::Make(schema, rows.num_rows(), columns);
}

}  // namespace earthcatalog::geoparquet
