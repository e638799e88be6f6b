#include "earthcatalog/iceberg/update/removal.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "earthcatalog/iceberg/manifest_span.h"

namespace earthcatalog::iceberg {
namespace {

using Role = PartitionField::Role;
using State = ManifestEntry::State;

// Whether the partition's value may be among those that the summary is of.
bool MayHold(const PartitionSummary& summary, Role role, const Partition& partition) {
  if (role == Role::kCell) {
    return partition.grid_partition ? MayContain(summary, *partition.grid_partition) : summary.contains_null;
  }
  const auto year = partition.calendar_year();
  return year ? MayContain(summary, *year, *year) : summary.contains_null;
}

Status ConflictError(const std::string& message) { return MakeError(ErrorKind::kCommitConflict, message); }

Status WriteEntries(std::vector<ManifestEntry> entries, int64_t snapshot_id, ManifestWriter* writer) {
  for (ManifestEntry& entry : entries) {
    if (!entry.sequence_number || !entry.file_sequence_number) {
      return CorruptError(
          "the table does not say which commit brought {}, so its manifest cannot be written anew",
          entry.file.path);
    }
    if (entry.state == State::kDeleted) entry.snapshot_id = snapshot_id;
    ARROW_RETURN_NOT_OK(writer->Add(entry));
  }
  return Status::OK();
}

}  // namespace

FileRemoval::FileRemoval(const Table::Removal& removal, int64_t base_sequence_number,
                         const std::vector<DataFile>& added)
    : removal_(removal), base_sequence_number_(base_sequence_number), partitions_(removal.partitions) {
  if (empty()) return;
  for (const DataFile& file : added) added_.insert(file.path);
  for (const DataFile& file : removal.files) {
    paths_.insert(file.path);
    partitions_.insert(file.partition);
  }
}

Result<FileCounts> FileRemoval::Apply(const TableMetadata& metadata, int64_t snapshot_id,
                                      const io::S3Settings& s3, const Store& store,
                                      std::vector<ManifestFile>* manifests) const {
  ARROW_RETURN_NOT_OK(CheckHasNoDeletes(*manifests));
  FileCounts removed;
  std::unordered_set<std::string> found;
  for (ManifestFile& manifest : *manifests) {
    if (!manifest.has_live_files()) continue;
    ARROW_ASSIGN_OR_RAISE(const PartitionSpec spec, metadata.FindSpec(manifest.spec_id));
    if (!MayBeIn(manifest, spec)) continue;
    std::vector<ManifestEntry> entries;
    bool any = false;
    const auto collect = [&](const ManifestEntry& entry) {
      ARROW_ASSIGN_OR_RAISE(const bool goes, Removes(entry, &found));
      any |= goes;
      if (goes && added_.contains(entry.file.path)) {
        return UsageError("{} cannot be both added and removed", entry.file.path);
      }
      if (goes) removed.Add(entry.file);
      entries.push_back(entry);
      entries.back().state = goes ? State::kDeleted : State::kExisting;
      return Status::OK();
    };
    ARROW_RETURN_NOT_OK(ReadManifest(manifest, spec, s3, {.to_copy = true}, collect));
    if (!any) continue;
    if (!spec.IsCellAndYear()) {
      return FailedError("{} is of an older partitioning, which this program does not write", manifest.path);
    }
    ManifestWriter writer(metadata.schema_json(), spec, snapshot_id);
    ARROW_RETURN_NOT_OK(WriteEntries(std::move(entries), snapshot_id, &writer));
    ARROW_ASSIGN_OR_RAISE(manifest, store(&writer));
  }
  ARROW_RETURN_NOT_OK(CheckAllFound(found));
  return removed;
}

bool FileRemoval::MayBeIn(const ManifestFile& manifest, const PartitionSpec& spec) const {
  if (removal_.everything) return true;
  if (!manifest.partitions || manifest.partitions->size() != spec.fields.size()) return true;
  return std::any_of(partitions_.begin(), partitions_.end(), [&](const Partition& partition) {
    for (size_t i = 0; i < spec.fields.size(); ++i) {
      const Role role = spec.fields[i].role;
      if (role != Role::kOther && !MayHold((*manifest.partitions)[i], role, partition)) return false;
    }
    return true;
  });
}

Result<bool> FileRemoval::Removes(const ManifestEntry& entry, std::unordered_set<std::string>* found) const {
  if (paths_.contains(entry.file.path)) {
    if (!found->insert(entry.file.path).second) {
      return CorruptError("the table names {} twice", entry.file.path);
    }
    return true;
  }
  if (!removal_.everything && !removal_.partitions.contains(entry.file.partition)) return false;
  // Files of another writer's commit may carry an older data sequence number; the file's own tells when.
  if (entry.file_sequence_number.value_or(entry.file.sequence_number) > base_sequence_number_) {
    return ConflictError(
        fmt::format("another writer has added {} meanwhile, where this commit replaces all that is there",
                    entry.file.path));
  }
  return true;
}

Status FileRemoval::CheckAllFound(const std::unordered_set<std::string>& found) const {
  if (found.size() == paths_.size()) return Status::OK();
  const auto missing = std::find_if(removal_.files.begin(), removal_.files.end(),
                                    [&](const DataFile& file) { return !found.contains(file.path); });
  return ConflictError(
      fmt::format("{}, which this commit replaces, is no longer in the table: another writer "
                  "has replaced or removed it",
                  missing->path));
}

}  // namespace earthcatalog::iceberg
