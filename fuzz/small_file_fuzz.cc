// Small data files: any bytes are rows as Parquet's library has them, or are refused.
//
// The bytes are a file as they are, or what is written over parts of a file that a writer made, so that
// damage gets past footers and compression. What the library refuses may be read here; what both read is the
// same.
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <arrow/table.h>
#include <fuzzer/FuzzedDataProvider.h>
#include <parquet/arrow/writer.h>

#include <memory>
#include <string>
#include <vector>

#include "check.h"
#include "earthcatalog/geoparquet/small_file_reader.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/rows/conform.h"
#include "earthcatalog/rows/data_file_reader.h"
#include "unit/geoparquet/example_rows.h"

namespace earthcatalog::geoparquet {
namespace {

using fuzz::Check;
using fuzz::Must;

constexpr int64_t kLimit = 1 << 20;

const std::shared_ptr<arrow::Schema>& Table() {
  static const auto table = ExampleSchema();
  return table;
}

std::string WriteForeign(const arrow::RecordBatch& rows, arrow::Compression::type codec, bool v2) {
  parquet::WriterProperties::Builder properties;
  properties.compression(codec)->data_page_version(v2 ? parquet::ParquetDataPageVersion::V2
                                                      : parquet::ParquetDataPageVersion::V1);
  const auto sink = Must(arrow::io::BufferOutputStream::Create(), "a buffer");
  const auto table = arrow::Table::Make(rows.schema(), rows.columns(), rows.num_rows());
  const Status written = parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink,
                                                    /*chunk_size=*/3, properties.build());
  Check(written.ok(), "writing: {}", written.ToString());
  return Must(sink->Finish(), "writing")->ToString();
}

const std::vector<std::string>& Files() {
  static const auto* const files = [] {
    auto* all = new std::vector<std::string>;
    const auto rows = ExampleRows(5, 4);
    all->push_back(Must(Must(MakeWriter(Table()), "a writer")->Write(*rows), "writing").bytes->ToString());
    const auto some = Must(rows->SelectColumns({0, 3, 6, 7, 9, 19, 24, 26}), "columns");
    for (const bool v2 : {true, false}) {
      all->push_back(WriteForeign(*some, arrow::Compression::UNCOMPRESSED, v2));
      all->push_back(WriteForeign(*some, arrow::Compression::ZSTD, v2));
    }
    return all;
  }();
  return *files;
}

std::string FileOf(FuzzedDataProvider* data) {
  const auto& files = Files();
  const auto kind = data->ConsumeIntegralInRange<size_t>(0, files.size());
  if (kind == files.size()) return data->ConsumeRemainingBytesAsString();
  std::string file = files[kind];
  while (data->remaining_bytes() > 0) {
    const auto at = data->ConsumeIntegralInRange<size_t>(0, file.size() - 1);
    const std::string bytes = data->ConsumeRandomLengthString(32).substr(0, file.size() - at);
    file.replace(at, bytes.size(), bytes);
  }
  return file;
}

Result<std::shared_ptr<arrow::RecordBatch>> ReadByLibrary(const std::string& file) {
  ARROW_ASSIGN_OR_RAISE(const auto folder, io::Resolve("/tmp"));
  const auto bytes = arrow::Buffer::FromString(file);
  ARROW_ASSIGN_OR_RAISE(auto reader,
                        rows::DataFileReader::Open(folder, {"/tmp/a-file", bytes->size(), bytes}));
  PresentColumns present;
  arrow::RecordBatchVector batches;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto found, reader.Next());
    if (found.rows == nullptr) break;
    present.Add(*found.rows->schema());
    batches.push_back(std::move(found.rows));
  }
  const auto schema = present.Of(*Table());
  if (batches.empty()) return arrow::RecordBatch::MakeEmpty(schema);
  return rows::JoinRows(std::move(batches), schema);
}

void CheckFile(const std::string& file) {
  static const auto reader = Must(SmallFilesReader::Make(Table(), kLimit), "the reader");
  // Another before it: what is appended has a beginning elsewhere.
  Check(reader->Append(Files()[0]), "our own file is refused");
  const int64_t before = reader->rows();
  const bool taken = reader->Append(file);
  Check(taken || reader->rows() == before, "rows of a file that was refused");
  Check(reader->bytes() <= 2 * kLimit, "{} bytes", reader->bytes());
  Check(reader->Append(Files()[0]), "our own file is refused afterwards");
  const auto all = Must(reader->Finish(), "taking the rows");
  const Status valid = all->Validate();
  Check(valid.ok(), "rows that are not valid: {}", valid.ToString());
  if (!taken) return;

  Check(reader->Append(file), "a file is refused the second time");
  const auto found = Must(reader->Finish(), "taking the rows");
  const auto wanted = ReadByLibrary(file);
  if (!wanted.ok()) return;
  Check(found->schema()->Equals(*(*wanted)->schema(), true), "other columns than the library's");
  const auto options = arrow::EqualOptions::Defaults().nans_equal(true);
  Check(found->Equals(**wanted, false, options), "other rows than the library's:\n{}\ninstead of\n{}",
        found->ToString(), (*wanted)->ToString());
}

}  // namespace
}  // namespace earthcatalog::geoparquet

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  earthcatalog::geoparquet::CheckFile(earthcatalog::geoparquet::FileOf(&data));
  return 0;
}
