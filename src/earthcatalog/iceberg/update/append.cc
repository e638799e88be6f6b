// Adding files to a table.
#include <algorithm>
#include <random>
#include <set>

#include "earthcatalog/base/integer_text.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/manifest_merge.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/iceberg/table_impl.h"

namespace earthcatalog::iceberg {
namespace {

using Summary = std::map<std::string, std::string>;

int64_t NewSnapshotId(const TableMetadata& metadata) {
  std::random_device random;
  while (true) {
    const uint64_t bits = (uint64_t{random()} << 32 | random()) >> 1;
    const auto id = static_cast<int64_t>(bits);
    if (id > 0 && !metadata.FindSnapshot(id).ok()) return id;
  }
}

class Append {
 public:
  Append(const Table::AppendRequest& request, const TableMetadata& base, NewFiles* files)
      : request_(request), files_(files), snapshot_id_(NewSnapshotId(base)), commit_uuid_(NewUuid()) {}

  // Writes the new manifests, which every attempt shares.
  Status WriteManifests(const TableMetadata& base);

  Result<std::optional<TableMetadata>> Attempt(const TableMetadata& base, int attempt);

 private:
  Status WriteManifest(ManifestWriter* writer);
  // `base` with the schema of the request, or nothing when it holds that already.
  Result<std::optional<TableMetadata>> Evolve(const TableMetadata& base) const;
  // The new manifests, then those of the parent.
  Result<std::vector<ManifestFile>> ManifestsOnTopOf(const TableMetadata& metadata,
                                                     const std::optional<Snapshot>& parent, int attempt);
  Summary MakeSummary(const std::optional<Snapshot>& parent) const;

  const Table::AppendRequest& request_;
  NewFiles* files_;
  const int64_t snapshot_id_;
  const std::string commit_uuid_;
  int spec_id_ = 0;
  std::vector<ManifestFile> manifests_;
};

Status Append::WriteManifests(const TableMetadata& base) {
  spec_id_ = base.default_spec_id();
  if (request_.files.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const PartitionSpec spec, base.FindSpec(spec_id_));
  if (!spec.IsCellAndYear()) {
    return UsageError(
        "the table is not partitioned by grid_partition and year(datetime), so nothing can be added");
  }
  ARROW_ASSIGN_OR_RAISE(const auto evolved, Evolve(base));
  const Json& schema_json = evolved ? evolved->schema_json() : base.schema_json();
  const auto target =
      static_cast<size_t>(base.NumberProperty(kManifestBytesProperty, kDefaultManifestBytes, 1));

  std::vector<const DataFile*> sorted;  // neighbours in one manifest, so that readers can pass by the others
  for (const DataFile& file : request_.files) sorted.push_back(&file);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->partition < b->partition; });
  std::optional<ManifestWriter> writer;
  for (const DataFile* file : sorted) {
    if (!writer) writer.emplace(schema_json, spec, snapshot_id_);
    ARROW_RETURN_NOT_OK(writer->AddNew(*file));
    if (writer->bytes_written() < target) continue;
    ARROW_RETURN_NOT_OK(WriteManifest(&*writer));
    writer.reset();
  }
  return writer ? WriteManifest(&*writer) : Status::OK();
}

Status Append::WriteManifest(ManifestWriter* writer) {
  ARROW_ASSIGN_OR_RAISE(auto finished, writer->Finish());
  const std::string name = NewManifestName(commit_uuid_, static_cast<int>(manifests_.size()));
  ARROW_ASSIGN_OR_RAISE(finished.row.path, files_->Write(name, finished.bytes));
  manifests_.push_back(std::move(finished.row));
  return Status::OK();
}

Result<std::optional<TableMetadata>> Append::Evolve(const TableMetadata& base) const {
  if (request_.schema == nullptr || IsReadableAs(*request_.schema, *base.schema())) return std::nullopt;
  const auto last_column_id = LastColumnIdOfGrown(*request_.schema, *base.schema(), base.last_column_id());
  if (!last_column_id) {
    return MakeError(ErrorKind::kCommitConflict,
                     "the table's columns were changed by another writer since the files were written");
  }
  TableMetadata evolved = base;
  ARROW_RETURN_NOT_OK(evolved.SetSchema(*request_.schema, *last_column_id));
  return evolved;
}

Result<std::optional<TableMetadata>> Append::Attempt(const TableMetadata& base, int attempt) {
  ARROW_ASSIGN_OR_RAISE(auto evolved, Evolve(base));
  if (manifests_.empty() && request_.summary.empty()) return evolved;
  TableMetadata next = evolved ? *std::move(evolved) : base;
  if (base.default_spec_id() != spec_id_) {
    return MakeError(ErrorKind::kCommitConflict, "the table's partitioning was changed by another writer");
  }
  const auto parent = base.current_snapshot();
  Snapshot snapshot;
  snapshot.id = snapshot_id_;
  if (parent) snapshot.parent_id = parent->id;
  snapshot.sequence_number = base.last_sequence_number() + 1;
  snapshot.timestamp_ms = std::max(NowMicros() / 1000, base.last_updated_ms());
  snapshot.summary = MakeSummary(parent);

  ARROW_ASSIGN_OR_RAISE(auto manifests, ManifestsOnTopOf(next, parent, attempt));
  for (ManifestFile& manifest : manifests) {
    if (manifest.sequence_number != ManifestFile::kUnassigned) continue;
    manifest.sequence_number = snapshot.sequence_number;
    if (manifest.min_sequence_number == ManifestFile::kUnassigned) {
      manifest.min_sequence_number = snapshot.sequence_number;
    }
  }
  ARROW_ASSIGN_OR_RAISE(
      const std::string list,
      EncodeManifestList(manifests, {snapshot.id, snapshot.parent_id, snapshot.sequence_number}));
  ARROW_ASSIGN_OR_RAISE(snapshot.manifest_list,
                        files_->Write(NewManifestListName(snapshot.id, attempt, commit_uuid_), list));
  next.AddSnapshot(snapshot);
  auto properties = request_.missing_properties;
  std::erase_if(properties, [&](const auto& property) { return next.properties().contains(property.first); });
  next.SetProperties(properties);
  return next;
}

Result<std::vector<ManifestFile>> Append::ManifestsOnTopOf(const TableMetadata& metadata,
                                                           const std::optional<Snapshot>& parent,
                                                           int attempt) {
  std::vector<ManifestFile> manifests = manifests_;
  if (!parent) return manifests;
  ARROW_ASSIGN_OR_RAISE(std::string bytes, ReadTableFile(parent->manifest_list, files_->s3()));
  auto older = DecodeManifestList(std::move(bytes));
  if (!older.ok()) return WithContext(older.status(), parent->manifest_list);
  ARROW_ASSIGN_OR_RAISE(const PartitionSpec spec, metadata.FindSpec(spec_id_));
  const std::string name = NewManifestName(commit_uuid_, static_cast<int>(manifests_.size()) + attempt);
  ARROW_RETURN_NOT_OK(MergeOldManifests(metadata, spec, snapshot_id_, name, files_, &*older));
  std::move(older->begin(), older->end(), std::back_inserter(manifests));
  return manifests;
}

Summary Append::MakeSummary(const std::optional<Snapshot>& parent) const {
  int64_t records = 0;
  int64_t bytes = 0;
  std::set<Partition> partitions;
  for (const DataFile& file : request_.files) {
    records += file.record_count;
    bytes += file.file_size;
    partitions.insert(file.partition);
  }
  const auto count = static_cast<int64_t>(request_.files.size());
  Summary summary = request_.summary;
  summary["operation"] = "append";
  if (count > 0) {
    summary["added-data-files"] = std::to_string(count);
    summary["added-records"] = std::to_string(records);
    summary["added-files-size"] = std::to_string(bytes);
    summary["changed-partition-count"] = std::to_string(partitions.size());
  }
  // A total that the parent does not know cannot be known now.
  const auto set_total = [&](const char* key, int64_t added) {
    int64_t before = 0;
    if (parent) {
      const auto known = parent->summary.find(key);
      const auto number = known == parent->summary.end() ? std::nullopt : ParseInteger(known->second);
      if (!number) return;
      before = *number;
    }
    summary[key] = std::to_string(before + added);
  };
  set_total("total-data-files", count);
  set_total("total-records", records);
  set_total("total-files-size", bytes);
  set_total("total-delete-files", 0);
  set_total("total-position-deletes", 0);
  set_total("total-equality-deletes", 0);
  return summary;
}

}  // namespace

Status Table::Append(const AppendRequest& request) {
  ARROW_ASSIGN_OR_RAISE(auto files, NewFiles::In(impl_->metadata().metadata_folder(), impl_->s3()));
  iceberg::Append append(request, impl_->metadata(), &files);
  ARROW_RETURN_NOT_OK(append.WriteManifests(impl_->metadata()));
  const auto attempt = [&](const TableMetadata& base, int number) -> Result<std::optional<TableMetadata>> {
    if (request.guard) ARROW_RETURN_NOT_OK(request.guard());
    return append.Attempt(base, number);
  };
  return impl_->Commit(attempt, &files, request.sync);
}

}  // namespace earthcatalog::iceberg
