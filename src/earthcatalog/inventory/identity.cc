// What tells one inventory from another, so that a run that goes on knows that it goes on with the same one.
#include <arrow/util/key_value_metadata.h>

#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/inventory/file_hash.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/io/download.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::inventory {
namespace {

constexpr int64_t kMostHashedBytes = int64_t{1} << 30;  // about a second from a local disk

Result<std::string> OfBytes(arrow::io::RandomAccessFile* file) {
  ARROW_ASSIGN_OR_RAISE(const std::string hash, Xxh3Of(file));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  return fmt::format("xxh3:{}:{}", hash, size);
}

Result<std::string> OfLocalFile(const io::Location& location, arrow::io::RandomAccessFile* file) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  if (size <= kMostHashedBytes) return OfBytes(file);
  ARROW_ASSIGN_OR_RAISE(const arrow::fs::FileInfo info, location.fs->GetFileInfo(location.path));
  return fmt::format("{}:{}:{}", location.uri, size, info.mtime().time_since_epoch().count());
}

// One that was opened by its name alone asks the server about it.
Result<std::string> OfObject(const io::Location& location) {
  ARROW_ASSIGN_OR_RAISE(const auto file, location.fs->OpenInputFile(location.path));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  ARROW_ASSIGN_OR_RAISE(const auto metadata, file->ReadMetadata());
  const Result<std::string> etag = metadata == nullptr ? Status::KeyError("") : metadata->Get("ETag");
  if (!etag.ok() || etag->empty()) return OfBytes(file.get());
  std::string tag = *etag;
  std::erase(tag, '"');
  return fmt::format("{}:{}:{}", location.uri, tag, size);
}

}  // namespace

Result<std::string> Identity(std::string_view path_or_uri) {
  ARROW_ASSIGN_OR_RAISE(const auto file, io::OpenInput(path_or_uri));
  const auto identify = [&]() -> Result<std::string> {
    if (io::IsWebAddress(path_or_uri)) return OfBytes(file.get());
    ARROW_ASSIGN_OR_RAISE(const io::Location location, io::Resolve(path_or_uri));
    return location.local ? OfLocalFile(location, file.get()) : OfObject(location);
  };
  const Result<std::string> identity = identify();
  if (identity.ok()) return identity;
  return FailedError("cannot read the inventory {}: {}", io::NameForMessages(path_or_uri),
                     OneLine(identity.status().message(), 300));
}

}  // namespace earthcatalog::inventory
