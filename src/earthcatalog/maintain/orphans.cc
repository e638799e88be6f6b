#include "earthcatalog/maintain/orphans.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <unordered_set>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/json_access.h"
#include "earthcatalog/rows/data_file_name.h"

namespace earthcatalog::maintain {
namespace {

constexpr std::string_view kMetadataSuffix = ".metadata.json";

bool IsNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool IsHex(std::string_view text, size_t length) {
  return text.size() == length && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsUuid(std::string_view text) {
  return text.size() == 36 && IsHex(text.substr(0, 8), 8) && text[8] == '-' && IsHex(text.substr(9, 4), 4) &&
         text[13] == '-' && IsHex(text.substr(14, 4), 4) && text[18] == '-' && IsHex(text.substr(19, 4), 4) &&
         text[23] == '-' && IsHex(text.substr(24), 12);
}

// Takes the text off the front, or says that it is not there.
bool TakePrefix(std::string_view* text, std::string_view prefix) {
  if (!text->starts_with(prefix)) return false;
  text->remove_prefix(prefix.size());
  return true;
}
bool TakeSuffix(std::string_view* text, std::string_view suffix) {
  if (!text->ends_with(suffix)) return false;
  text->remove_suffix(suffix.size());
  return true;
}

// What io's atomic writes and its check that a folder can be written leave behind, and the lock's.
bool IsTemporaryName(std::string_view name) {
  for (const std::string_view prefix : {".tmp-", ".write-check-", ".lock."}) {
    if (TakePrefix(&name, prefix)) return IsUuid(name);
  }
  return false;
}

// With a token: a name without one may be that of another program.
bool IsOurDataFile(std::string_view name) {
  const auto parsed = rows::ParseDataFileName(name);
  return parsed && !parsed->token.empty();
}

// The last `uuid` of the text, which it is taken off with the `separator` before it.
bool TakeUuid(std::string_view* text, char separator) {
  if (text->size() < 37 || !IsUuid(text->substr(text->size() - 36))) return false;
  text->remove_suffix(36);
  return TakeSuffix(text, std::string_view(&separator, 1));
}

// 00012-<uuid>.metadata.json, snap-<id>-<attempt>-<uuid>.avro, <uuid>-m0.avro
bool IsMetadataName(std::string_view name) {
  if (TakeSuffix(&name, kMetadataSuffix)) return TakeUuid(&name, '-') && IsNumber(name);
  if (!TakeSuffix(&name, ".avro")) return false;
  if (TakePrefix(&name, "snap-")) {
    const size_t dash = name.find('-');
    return TakeUuid(&name, '-') && dash < name.size() && IsNumber(name.substr(0, dash)) &&
           IsNumber(name.substr(dash + 1));
  }
  const size_t number = name.rfind("-m");
  return number != std::string_view::npos && IsUuid(name.substr(0, number)) &&
         IsNumber(name.substr(number + 2));
}

// What tells a file of the table from all others: for data files the folders of cell and year with the name.
std::string_view TailOf(std::string_view path) {
  const auto part_before = [&](size_t end) {
    const size_t slash = end == 0 ? std::string_view::npos : path.rfind('/', end - 1);
    return slash == std::string_view::npos ? 0 : slash + 1;
  };
  const size_t name = part_before(path.size());
  if (name == 0) return path;
  const size_t year = part_before(name - 1);
  if (year == 0) return path.substr(name);
  const size_t cell = part_before(year - 1);
  return path.substr(rows::IsCellFolder(path.substr(cell)) ? cell : name);
}

// By hash: two that are the same keep a file that could go.
class NamedFiles {
 public:
  void Insert(std::string_view path) {
    hashes_.insert(HashOf(path));
    if (path.find('%') == std::string_view::npos) return;
    hashes_.insert(HashOf(PercentDecode(path, /*plus_is_space=*/false)));  // some engines encode
  }
  bool Contains(std::string_view path) const { return hashes_.contains(HashOf(path)); }

 private:
  static uint64_t HashOf(std::string_view path) {
    const std::string_view tail = TailOf(path);
    return XXH3_64bits(tail.data(), tail.size());
  }
  std::unordered_set<uint64_t> hashes_;
};

class Search {
 public:
  Search(const NamedFiles& named, int64_t modified_before)
      : named_(named), modified_before_(modified_before) {}

  Status Warehouse(const io::Location& warehouse) {
    ARROW_ASSIGN_OR_RAISE(const auto infos, List(warehouse, /*recursive=*/false));
    for (const auto& info : infos) {
      if (info.IsFile() && IsTemporaryName(info.base_name())) Add(warehouse.Join(info.base_name()), info);
      if (info.IsDirectory() && rows::IsCellFolder(info.base_name())) {
        ARROW_RETURN_NOT_OK(Cell(warehouse.Join(info.base_name())));
      }
    }
    return Status::OK();
  }

  // The files directly in the folder whose names are temporary or as `is_ours` says.
  Status Folder(const io::Location& folder, bool (*is_ours)(std::string_view)) {
    ARROW_ASSIGN_OR_RAISE(const auto infos, List(folder, /*recursive=*/false));
    for (const auto& info : infos) {
      if (!info.IsFile()) continue;
      const std::string name = info.base_name();
      if (IsTemporaryName(name) || (is_ours != nullptr && is_ours(name))) Add(folder.Join(name), info);
    }
    return Status::OK();
  }

  // Metadata that the table does not name, of whatever age.
  const std::vector<io::Location>& unnamed_metadata() const { return unnamed_metadata_; }

  std::vector<Orphan> Finish() && {
    std::sort(orphans_.begin(), orphans_.end(),
              [](const Orphan& a, const Orphan& b) { return a.file.path < b.file.path; });
    return std::move(orphans_);
  }

 private:
  static Result<std::vector<arrow::fs::FileInfo>> List(const io::Location& folder, bool recursive) {
    arrow::fs::FileSelector selector;
    selector.base_dir = folder.path;
    selector.recursive = recursive;
    selector.allow_not_found = true;
    return folder.fs->GetFileInfo(selector);
  }

  // <cell>/year=<year>/<file>
  Status Cell(const io::Location& cell) {
    ARROW_ASSIGN_OR_RAISE(const auto infos, List(cell, /*recursive=*/true));
    for (const auto& info : infos) {
      if (!info.IsFile()) continue;
      const std::string& path = info.path();
      const size_t slash = path.rfind('/');
      const size_t start = cell.path.size() + 1;
      if (slash == std::string::npos || slash <= start) continue;
      const std::string_view year = std::string_view(path).substr(start, slash - start);
      const std::string_view name = std::string_view(path).substr(slash + 1);
      if (!rows::IsYearFolder(year) || year.find('/') != std::string_view::npos) continue;
      if (IsOurDataFile(name) || IsTemporaryName(name)) Add(cell.Join(path.substr(start)), info);
    }
    return Status::OK();
  }

  void Add(io::Location file, const arrow::fs::FileInfo& info) {
    if (named_.Contains(file.path)) return;
    if (file.path.ends_with(kMetadataSuffix)) unnamed_metadata_.push_back(file);
    if (!IsModifiedBefore(info, modified_before_)) return;
    orphans_.push_back({std::move(file), std::max<int64_t>(info.size(), 0)});
  }

  const NamedFiles& named_;
  const int64_t modified_before_;
  std::vector<Orphan> orphans_;
  std::vector<io::Location> unnamed_metadata_;
};

// Metadata that the table does not name tells whose the other files may be: of another
// table in the same warehouse, whose catalog file may be lost; or of this one, when the catalog file is an
// older copy. They must not go. (A killed run leaves metadata one step ahead.)
Status CheckOneTable(const catalog::Catalog& catalog, const std::vector<io::Location>& unnamed_metadata) {
  for (const io::Location& file : unnamed_metadata) {
    ARROW_ASSIGN_OR_RAISE(const std::string text, io::ReadFile(file));
    const auto json = iceberg::ParseJson(text, "the table metadata");
    if (!json.ok()) continue;  // cut off when the machine went down
    const auto uuid = iceberg::FindText(*json, "table-uuid");
    const auto snapshots = json->find("snapshots");
    const bool has_data = snapshots != json->end() && snapshots->is_array() && !snapshots->empty();
    if (!has_data || !uuid) continue;
    if (*uuid != catalog.table().uuid()) {
      return UsageError(
          "{} is the metadata of another table, whose files cannot be told from orphans; nothing was removed",
          io::NameForMessages(file.uri));
    }
    const auto sequence = json->find("last-sequence-number");
    if (sequence == json->end() || !sequence->is_number_integer() ||
        sequence->get<int64_t>() <= catalog.table().last_sequence_number() + 1) {
      continue;
    }
    return UsageError(
        "{} is newer than what the catalog file says of the table: an older copy of it? Nothing was removed",
        io::NameForMessages(file.uri));
  }
  return Status::OK();
}

}  // namespace

bool IsModifiedBefore(const arrow::fs::FileInfo& file, int64_t micros) {
  if (!file.IsFile() || file.mtime() == arrow::fs::kNoTime) return false;
  const auto modified = std::chrono::floor<std::chrono::microseconds>(file.mtime().time_since_epoch());
  return modified.count() < micros;
}

Result<std::vector<Orphan>> FindOrphans(const catalog::Catalog& catalog,
                                        const std::vector<io::Location>& other_folders,
                                        int64_t modified_before) {
  NamedFiles named;
  ARROW_RETURN_NOT_OK(catalog.table().VisitNamedFiles([&](std::string_view path) { named.Insert(path); }));
  ARROW_ASSIGN_OR_RAISE(const io::Location metadata,
                        catalog.warehouse().Other(catalog.table().metadata_folder()));
  Search search(named, modified_before);
  ARROW_RETURN_NOT_OK(search.Warehouse(catalog.warehouse()));
  ARROW_RETURN_NOT_OK(search.Folder(metadata, &IsMetadataName));
  for (const io::Location& folder : other_folders) ARROW_RETURN_NOT_OK(search.Folder(folder, nullptr));
  ARROW_RETURN_NOT_OK(CheckOneTable(catalog, search.unnamed_metadata()));
  return std::move(search).Finish();
}

}  // namespace earthcatalog::maintain
