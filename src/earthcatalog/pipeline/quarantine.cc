#include "earthcatalog/pipeline/quarantine.h"

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>

#include <algorithm>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"

namespace earthcatalog::pipeline {
namespace {

Result<std::shared_ptr<arrow::Table>> ToTable(const std::vector<QuarantinedRow>& rows) {
  const auto instant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::StringBuilder bucket, key, error, kind;
  arrow::TimestampBuilder timestamp(instant, arrow::default_memory_pool());
  for (const QuarantinedRow& row : rows) {
    ARROW_RETURN_NOT_OK(bucket.Append(row.bucket));
    ARROW_RETURN_NOT_OK(key.Append(row.key));
    ARROW_RETURN_NOT_OK(error.Append(row.kind + ": " + row.message));
    ARROW_RETURN_NOT_OK(kind.Append(row.kind));
    ARROW_RETURN_NOT_OK(timestamp.Append(row.timestamp));
  }
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* builder :
       std::initializer_list<arrow::ArrayBuilder*>{&bucket, &key, &error, &kind, &timestamp}) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder->Finish());
  }
  const auto schema =
      arrow::schema({arrow::field("bucket", arrow::utf8()), arrow::field("key", arrow::utf8()),
                     arrow::field("error", arrow::utf8()), arrow::field("kind", arrow::utf8()),
                     arrow::field("timestamp", instant)});
  return arrow::Table::Make(schema, columns);
}

}  // namespace

io::Location QuarantineFolder(const io::Location& warehouse) { return warehouse.WithSuffix("_failed"); }

Result<io::Location> WriteQuarantine(const io::Location& warehouse, const std::vector<QuarantinedRow>& rows) {
  ARROW_ASSIGN_OR_RAISE(const auto table, ToTable(rows));
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  const auto properties =
      parquet::WriterProperties::Builder().compression(parquet::Compression::ZSTD)->build();
  ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink,
                                                 /*chunk_size=*/64 << 10, properties));
  ARROW_ASSIGN_OR_RAISE(const auto bytes, sink->Finish());
  // Names sort by time, so that rows are taken up in the order in which they failed.
  const io::Location file = QuarantineFolder(warehouse).Join(
      fmt::format("failed_{:016}_{}.parquet", NowMicros(), NewUuid().substr(0, 8)));
  ARROW_RETURN_NOT_OK(io::WriteFileAtomically(file, std::string_view(*bytes)));
  return file;
}

Result<std::vector<io::Location>> ListQuarantine(const io::Location& warehouse) {
  const io::Location folder = QuarantineFolder(warehouse);
  arrow::fs::FileSelector selector;
  selector.base_dir = folder.path;
  selector.allow_not_found = true;
  ARROW_ASSIGN_OR_RAISE(const auto infos, folder.fs->GetFileInfo(selector));
  std::vector<io::Location> files;
  for (const arrow::fs::FileInfo& info : infos) {
    if (info.IsFile() && info.extension() == "parquet") files.push_back(folder.Join(info.base_name()));
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

}  // namespace earthcatalog::pipeline
