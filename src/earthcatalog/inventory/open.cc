// Telling an inventory's format from its first bytes.
#include <arrow/buffer.h>
#include <arrow/io/buffered.h>
#include <arrow/io/compressed.h>
#include <arrow/util/compression.h>

#include "earthcatalog/base/text.h"
#include "earthcatalog/inventory/csv_source.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/inventory/parquet_source.h"
#include "earthcatalog/inventory/selecting_reader.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::inventory {
namespace {

// On S3 each read of the file is a request.
constexpr int64_t kReadSize = 4 << 20;
constexpr int64_t kSniffedBytes = 512;

using File = std::shared_ptr<arrow::io::RandomAccessFile>;

Result<std::shared_ptr<arrow::io::InputStream>> Decompress(std::shared_ptr<arrow::io::InputStream> stream) {
  ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(arrow::Compression::GZIP));
  // The stream keeps no reference to the codec beyond Make().
  return arrow::io::CompressedInputStream::Make(codec.get(), std::move(stream));
}

Result<std::unique_ptr<RowSource>> OpenSource(const File& file) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, file->Read(kSniffedBytes));
  ARROW_RETURN_NOT_OK(file->Seek(0));
  const std::string_view start(*bytes);
  if (start.empty()) return CorruptError("the inventory is empty");
  if (start.starts_with("PAR1")) return OpenParquet(file);
  if (start.starts_with("ORC")) return UsageError("ORC inventories cannot be read yet: use CSV or Parquet");
  if (start.starts_with('{')) {
    return UsageError(
        "this is JSON; a manifest.json cannot be read yet: give the data files it lists one by one");
  }
  const bool gzip = start.starts_with("\x1F\x8B");
  if (!gzip && start.find('\0') != std::string_view::npos) {
    return CorruptError("this is neither CSV, gzipped CSV nor Parquet");
  }
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::io::InputStream> stream,
      arrow::io::BufferedInputStream::Create(kReadSize, arrow::default_memory_pool(), file));
  if (gzip) {
    ARROW_ASSIGN_OR_RAISE(stream, Decompress(std::move(stream)));
  }
  return OpenCsv(std::move(stream));
}

}  // namespace

Result<std::unique_ptr<Reader>> Open(const std::string& path_or_uri, const Options& options) {
  ARROW_ASSIGN_OR_RAISE(const File file, io::OpenInput(path_or_uri, options.s3));
  const std::string name = io::NameForMessages(path_or_uri);
  Result<std::unique_ptr<RowSource>> source = OpenSource(file);
  if (!source.ok()) {
    const std::optional<ErrorKind> kind = KindOf(source.status());
    return MakeError(kind.value_or(ErrorKind::kCorrupt),
                     fmt::format("cannot read the inventory {}{}: {}", name,
                                 kind.has_value() ? "" : "; it may be cut off or damaged",
                                 OneLine(source.status().message(), 300)));
  }
  return MakeSelectingReader(name, std::move(*source), options);
}

}  // namespace earthcatalog::inventory
