#include "earthcatalog/inventory/data_file.h"

#include <arrow/buffer.h>
#include <arrow/io/buffered.h>
#include <arrow/io/compressed.h>
#include <arrow/util/compression.h>

#include "earthcatalog/inventory/csv_source.h"
#include "earthcatalog/inventory/orc_source.h"
#include "earthcatalog/inventory/parquet_source.h"

namespace earthcatalog::inventory {
namespace {

// On S3 each read of the file is a request.
constexpr int64_t kReadSize = 4 << 20;
constexpr int64_t kSniffedBytes = 512;
constexpr std::string_view kGzipMagic = "\x1F\x8B";

Result<std::string> Start(const File& file, int64_t count) {
  ARROW_RETURN_NOT_OK(file->Seek(0));
  ARROW_ASSIGN_OR_RAISE(const auto bytes, file->Read(count));
  ARROW_RETURN_NOT_OK(file->Seek(0));
  return bytes->ToString();
}

Result<std::unique_ptr<RowSource>> OpenCsvFile(const File& file, const std::vector<std::string>* columns) {
  ARROW_ASSIGN_OR_RAISE(const std::string start, Start(file, kGzipMagic.size()));
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::io::InputStream> stream,
      arrow::io::BufferedInputStream::Create(kReadSize, arrow::default_memory_pool(), file));
  if (start == kGzipMagic) {
    ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(arrow::Compression::GZIP));
    // The stream keeps no reference to the codec beyond Make().
    ARROW_ASSIGN_OR_RAISE(stream, arrow::io::CompressedInputStream::Make(codec.get(), std::move(stream)));
  }
  return columns == nullptr ? OpenCsv(std::move(stream)) : OpenListedCsv(std::move(stream), *columns);
}

}  // namespace

std::string_view NameOf(Format format) {
  switch (format) {
    case Format::kCsv:
      return "CSV";
    case Format::kParquet:
      return "Parquet";
    case Format::kOrc:
      return "ORC";
    case Format::kManifest:
      break;
  }
  return "JSON";
}

Result<Format> FormatOf(const File& file) {
  ARROW_ASSIGN_OR_RAISE(const std::string start, Start(file, kSniffedBytes));
  if (start.empty()) return CorruptError("the inventory is empty");
  if (start.starts_with("PAR1")) return Format::kParquet;
  if (start.starts_with("ORC")) return Format::kOrc;
  const size_t first = start.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  if (first != std::string::npos && start[first] == '{') return Format::kManifest;
  if (!start.starts_with(kGzipMagic) && start.find('\0') != std::string::npos) {
    return CorruptError("this is neither CSV, gzipped CSV, Parquet, ORC nor a manifest.json");
  }
  return Format::kCsv;
}

Result<std::unique_ptr<RowSource>> OpenDataFile(const File& file, Format format,
                                                const std::vector<std::string>* csv_columns) {
  return CatchExceptions([&]() -> Result<std::unique_ptr<RowSource>> {
    switch (format) {
      case Format::kParquet:
        return OpenParquet(file);
      case Format::kOrc:
        return OpenOrc(file);
      case Format::kCsv:
      case Format::kManifest:
        break;
    }
    return OpenCsvFile(file, csv_columns);
  });
}

}  // namespace earthcatalog::inventory
