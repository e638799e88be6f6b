#include "earthcatalog/catalog/first_traces.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "earthcatalog/iceberg/sqlite_catalog.h"

namespace earthcatalog::catalog {
namespace {

namespace fs = std::filesystem;

constexpr char kFirstVersion[] = "00000-";
constexpr int kTableLevels = 3;  // earthcatalog/stac_items/metadata in the warehouse

// `folder` and those that it lies in, as far as they are missing.
void AddMissing(fs::path folder, std::set<std::string>* missing) {
  std::error_code error;
  while (!folder.empty() && !fs::exists(folder, error) && !error) {
    missing->insert(folder.string());
    folder = folder.parent_path();
  }
}

// Removes `folder` and the folders in it, as far as no file lies there: a run that is ended leaves
// folders of cells and years.
void RemoveEmpty(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory(error) && !entry.is_symlink(error)) RemoveEmpty(entry.path());
  }
  rmdir(folder.c_str());
}

}  // namespace

Result<FirstTraces> FirstTraces::Before(const Paths& paths) {
  FirstTraces traces;
  ARROW_ASSIGN_OR_RAISE(const Places places, Places::Of(paths));
  if (!places.db.local || !places.warehouse.local) return traces;
  std::error_code error;
  if (fs::exists(places.db.path, error) || error) return traces;
  traces.missing_db_ = places.db.path;
  std::set<std::string> missing;
  AddMissing(fs::path(places.db.path).parent_path(), &missing);
  AddMissing(places.warehouse.path, &missing);
  for (const char* suffix : {"_failed", "_objects"}) {
    AddMissing(places.warehouse.WithSuffix(suffix).path, &missing);
  }
  // A folder's path is the beginning of what lies in it, so that it is the lesser one.
  traces.missing_folders_.assign(missing.rbegin(), missing.rend());
  return traces;
}

void FirstTraces::RemoveTable() const {
  if (missing_db_.empty()) return;
  std::string metadata;
  const auto removed =
      iceberg::RemoveUnusedSqliteCatalog(missing_db_, [&metadata](const std::string& metadata_location) {
        metadata = metadata_location;
        return metadata.substr(metadata.rfind('/') + 1).starts_with(kFirstVersion);
      });
  // What cannot be deleted stays: the run has failed for another reason, which is the one to be told.
  if (!removed.ok() || !*removed || metadata.empty()) return;
  const auto file = io::Resolve(metadata);
  if (!file.ok() || !file->local) return;
  unlink(file->path.c_str());
  fs::path folder = fs::path(file->path).parent_path();
  for (int level = 0; level < kTableLevels && rmdir(folder.c_str()) == 0; ++level) {
    folder = folder.parent_path();
  }
  for (const std::string& missing : missing_folders_) RemoveEmpty(missing);
}

void FirstTraces::RemoveFolders() const {
  for (const std::string& folder : missing_folders_) rmdir(folder.c_str());  // not when it holds something
}

}  // namespace earthcatalog::catalog
