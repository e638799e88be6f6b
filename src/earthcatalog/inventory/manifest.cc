#include "earthcatalog/inventory/manifest.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "earthcatalog/base/text.h"
#include "earthcatalog/inventory/raw_row.h"
#include "earthcatalog/io/download.h"

namespace earthcatalog::inventory {
namespace {

using Json = nlohmann::json;

// The member's text; empty when there is none.
Result<std::string> TextOf(const Json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || member->is_null()) return "";
  if (!member->is_string()) return CorruptError("its '{}' is no text", name);
  return member->get<std::string>();
}

Result<Format> FormatNamed(const std::string& name) {
  for (const Format format : {Format::kCsv, Format::kParquet, Format::kOrc}) {
    if (EqualsIgnoreCase(name, NameOf(format))) return format;
  }
  if (name.empty()) return CorruptError("it has no 'fileFormat', so it is no manifest of an S3 Inventory");
  return CorruptError("its 'fileFormat' is none of CSV, ORC and Parquet: {}", OneLine(name, 40));
}

// "Bucket, Key, VersionId"
Result<std::vector<std::string>> ColumnsOf(std::string_view schema) {
  std::vector<std::string> columns;
  for (size_t begin = 0; begin <= schema.size();) {
    const size_t end = std::min(schema.find(',', begin), schema.size());
    const std::string_view column = schema.substr(begin, end - begin);
    const size_t first = std::min(column.find_first_not_of(" \t\r\n\""), column.size());
    columns.emplace_back(column.substr(first, column.find_last_not_of(" \t\r\n\"") + 1 - first));
    begin = end + 1;
  }
  ARROW_RETURN_NOT_OK(WithContext(ColumnPlaces::Find(columns).status(), "its 'fileSchema'"));
  return columns;
}

// arn:aws:s3:::bucket, or the name alone.
Result<std::string> BucketOf(const std::string& arn) {
  const std::string bucket = arn.substr(arn.rfind(':') + 1);
  const bool is_name = std::all_of(bucket.begin(), bucket.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  });
  if (is_name) return bucket;
  return CorruptError("its 'destinationBucket' is no bucket such as arn:aws:s3:::inventories: {}",
                      OneLine(arn, 80));
}

Result<std::string> Md5Text(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const bool is_md5 = text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (text.empty() || is_md5) return text;
  return CorruptError("an 'MD5checksum' is not 32 hexadecimal digits: {}", OneLine(text, 40));
}

Result<ListedFile> ListedFileOf(const Json& json) {
  if (!json.is_object()) return CorruptError("an entry of its 'files' is no object");
  ListedFile file;
  ARROW_ASSIGN_OR_RAISE(file.key, TextOf(json, "key"));
  if (file.key.empty()) return CorruptError("an entry of its 'files' has no 'key'");
  const auto size = json.find("size");
  if (size != json.end() && !size->is_null()) {
    if (size->is_number_integer()) file.size = size->get<int64_t>();
    if (file.size.value_or(-1) < 0) {
      return CorruptError("the 'size' of {} is no number of bytes", OneLine(file.key));
    }
  }
  ARROW_ASSIGN_OR_RAISE(std::string md5, TextOf(json, "MD5checksum"));
  ARROW_ASSIGN_OR_RAISE(file.md5, Md5Text(std::move(md5)));
  return file;
}

Result<std::vector<ListedFile>> FilesOf(const Json& json) {
  const auto list = json.find("files");
  if (list == json.end() || !list->is_array()) return CorruptError("it has no list of 'files'");
  std::vector<ListedFile> files;
  std::set<std::string> keys;
  for (const Json& entry : *list) {
    ARROW_ASSIGN_OR_RAISE(files.emplace_back(), ListedFileOf(entry));
    if (!keys.insert(files.back().key).second) {
      return CorruptError("it lists {} twice", OneLine(files.back().key));
    }
  }
  return files;
}

// What lies above the last slash; nothing above a root, a bucket or a web server.
std::optional<std::string> FolderOf(std::string_view path) {
  const size_t scheme = path.find("://");
  const size_t root = scheme == std::string_view::npos ? 0 : path.find('/', scheme + 3);
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || root == std::string_view::npos || slash < root) return std::nullopt;
  return std::string(path.substr(0, slash));
}

bool IsName(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && text.find('\0') == std::string_view::npos;
}

}  // namespace

Result<Manifest> ParseManifest(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return CorruptError("it begins like a manifest.json but is no JSON object; it may be cut off");
  Manifest manifest;
  ARROW_ASSIGN_OR_RAISE(const std::string format, TextOf(json, "fileFormat"));
  ARROW_ASSIGN_OR_RAISE(manifest.format, FormatNamed(format));
  ARROW_ASSIGN_OR_RAISE(const std::string arn, TextOf(json, "destinationBucket"));
  ARROW_ASSIGN_OR_RAISE(manifest.destination_bucket, BucketOf(arn));
  if (manifest.format == Format::kCsv) {
    ARROW_ASSIGN_OR_RAISE(const std::string schema, TextOf(json, "fileSchema"));
    ARROW_ASSIGN_OR_RAISE(manifest.columns, ColumnsOf(schema));
  }
  ARROW_ASSIGN_OR_RAISE(manifest.files, FilesOf(json));
  return manifest;
}

Result<std::vector<std::string>> PlacesOf(const ListedFile& file, const Manifest& manifest,
                                          std::string_view manifest_place) {
  const std::string home = fmt::format("s3://{}/", manifest.destination_bucket);
  if (manifest_place.starts_with(home)) return std::vector{home + file.key};

  // Of the key the last two names are used, so that no key leads away from the manifest.
  const std::filesystem::path key(file.key);
  const std::string name = key.filename(), folder = key.parent_path().filename();
  if (!IsName(name) || (!folder.empty() && !IsName(folder))) {
    return CorruptError("it lists the data file {}, which is no name of a file", OneLine(file.key));
  }
  const auto path = [&](std::string_view text) {
    return io::IsWebAddress(manifest_place) ? PercentEncodePath(text) : std::string(text);
  };
  const std::string here = FolderOf(manifest_place).value_or("");
  std::vector<std::string> places;
  if (const auto above = FolderOf(here); above && !folder.empty()) {
    places.push_back(fmt::format("{}/{}/{}", *above, path(folder), path(name)));
  }
  if (!folder.empty()) places.push_back(fmt::format("{}/{}/{}", here, path(folder), path(name)));
  places.push_back(fmt::format("{}/{}", here, path(name)));
  return places;
}

}  // namespace earthcatalog::inventory
