#include "earthcatalog/iceberg/remains.h"

#include <set>
#include <tuple>
#include <utility>

#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/metadata_files.h"
#include "earthcatalog/iceberg/table_impl.h"

namespace earthcatalog::iceberg {
namespace {

constexpr std::string_view kMetadataSuffix = ".metadata.json";

std::string_view NameOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

auto Age(const TableMetadata& metadata) {
  return std::tuple(metadata.last_updated_ms(), metadata.last_sequence_number());
}

class FileVisit {
 public:
  FileVisit(const TableMetadata& metadata, const io::Location& folder,
            const std::function<void(std::string_view, bool)>& visit)
      : metadata_(metadata), folder_(folder), visit_(visit) {}

  Status Of(const Snapshot& snapshot, bool current) {
    ARROW_ASSIGN_OR_RAISE(const auto manifests, ReadManifestList(Beside(snapshot.manifest_list), folder_.s3));
    for (ManifestFile manifest : manifests) {
      manifest.path = Beside(manifest.path);
      // Seen as a part of the current snapshot, which comes first, it need not be read again.
      if (!seen_.insert(manifest.path).second) continue;
      ARROW_ASSIGN_OR_RAISE(const PartitionSpec spec, metadata_.FindSpec(manifest.spec_id));
      const auto visit = [&](const ManifestEntry& entry) {
        visit_(entry.file.path, current && entry.state != ManifestEntry::State::kDeleted);
        return Status::OK();
      };
      ARROW_RETURN_NOT_OK(
          ReadManifest(manifest, spec, folder_.s3, {.with_metrics = false, .deleted = true}, visit));
    }
    return Status::OK();
  }

 private:
  std::string Beside(std::string_view path) const { return folder_.Join(NameOf(path)).uri; }

  const TableMetadata& metadata_;
  const io::Location& folder_;
  const std::function<void(std::string_view, bool)>& visit_;
  std::set<std::string> seen_;
};

}  // namespace

Result<std::optional<Remains>> FindRemains(const io::Location& folder, std::string_view name) {
  if (!name.empty()) {
    std::string location = folder.Join(name).uri;
    auto metadata = ReadMetadata(location, folder.s3);
    if (metadata.ok()) return Remains{std::move(location), *std::move(metadata)};
  }
  arrow::fs::FileSelector selector;
  selector.base_dir = folder.path;
  selector.allow_not_found = true;
  ARROW_ASSIGN_OR_RAISE(const auto files, folder.fs->GetFileInfo(selector));
  std::optional<Remains> newest;
  for (const arrow::fs::FileInfo& file : files) {
    if (!file.IsFile() || !file.base_name().ends_with(kMetadataSuffix)) continue;
    std::string location = folder.Join(file.base_name()).uri;
    auto metadata = ReadMetadata(location, folder.s3);
    if (!metadata.ok()) continue;  // of another format version, or cut off when the machine went down
    if (newest && Age(*metadata) <= Age(newest->metadata)) continue;
    newest = Remains{std::move(location), *std::move(metadata)};
  }
  return newest;
}

Status VisitRemainingFiles(const TableMetadata& metadata, const io::Location& folder,
                           const std::function<void(std::string_view path, bool live)>& visit) {
  FileVisit files(metadata, folder, visit);
  const auto current = metadata.current_snapshot();
  if (current) ARROW_RETURN_NOT_OK(files.Of(*current, /*current=*/true));
  for (const Snapshot& snapshot : metadata.snapshots()) {
    if (current && snapshot.id == current->id) continue;
    ARROW_RETURN_NOT_OK(files.Of(snapshot, /*current=*/false));
  }
  return Status::OK();
}

}  // namespace earthcatalog::iceberg
