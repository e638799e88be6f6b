#include "earthcatalog/maintain/orphans.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <tuple>

#include "earthcatalog/iceberg/json_access.h"
#include "earthcatalog/ingest/known_objects.h"
#include "earthcatalog/maintain/file_names.h"
#include "earthcatalog/maintain/named_files.h"
#include "earthcatalog/maintain/published.h"
#include "earthcatalog/rows/data_file_name.h"

namespace earthcatalog::maintain {
namespace {

constexpr std::string_view kMetadataSuffix = ".metadata.json";

bool IsPublishedName(std::string_view name) { return IsMetadataName(name) || PublishedVersion(name); }

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
    const auto key = [](const Orphan& orphan) {
      return std::tuple(!orphan.file.path.ends_with(kMetadataSuffix), std::string_view(orphan.file.path));
    };
    std::sort(orphans_.begin(), orphans_.end(),
              [&](const Orphan& a, const Orphan& b) { return key(a) < key(b); });
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
      if (IsDataFileName(name) || IsTemporaryName(name)) Add(cell.Join(path.substr(start)), info);
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
  ARROW_ASSIGN_OR_RAISE(const Published published, Published::Find(catalog.warehouse()));
  ARROW_RETURN_NOT_OK(AddPublished(published, published.InUse(modified_before), &named));
  for (const iceberg::Snapshot& snapshot : catalog.table().snapshots()) {
    const auto objects = ingest::ObjectFilesIn(snapshot.summary);
    for (const auto& file : objects.value_or(std::vector<ingest::ObjectFile>())) named.Insert(file.name);
  }
  ARROW_RETURN_NOT_OK(named.CheckComparable());
  ARROW_ASSIGN_OR_RAISE(const io::Location metadata,
                        catalog.warehouse().Other(catalog.table().metadata_folder()));
  Search search(named, modified_before);
  ARROW_RETURN_NOT_OK(search.Warehouse(catalog.warehouse()));
  ARROW_RETURN_NOT_OK(search.Folder(metadata, &IsMetadataName));
  ARROW_RETURN_NOT_OK(search.Folder(published.folder, &IsPublishedName));
  ARROW_RETURN_NOT_OK(search.Folder(ingest::ObjectFolder(catalog.warehouse()), &ingest::IsObjectFileName));
  for (const io::Location& folder : other_folders) ARROW_RETURN_NOT_OK(search.Folder(folder, nullptr));
  ARROW_RETURN_NOT_OK(CheckOneTable(catalog, search.unnamed_metadata()));
  return std::move(search).Finish();
}

}  // namespace earthcatalog::maintain
