#include "earthcatalog/iceberg/update/snapshot_update.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/manifest_merge.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/iceberg/update/manifest_rewrite.h"

namespace earthcatalog::iceberg {
namespace {

using Kind = SnapshotChange::Kind;

int64_t NewSnapshotId(const TableMetadata& metadata) {
  std::random_device random;
  while (true) {
    const uint64_t bits = (uint64_t{random()} << 32 | random()) >> 1;
    const auto id = static_cast<int64_t>(bits);
    if (id > 0 && !metadata.FindSnapshot(id).ok()) return id;
  }
}

void AssignSequenceNumber(int64_t number, std::vector<ManifestFile>* manifests) {
  for (ManifestFile& manifest : *manifests) {
    if (manifest.sequence_number != ManifestFile::kUnassigned) continue;
    manifest.sequence_number = number;
    if (manifest.min_sequence_number == ManifestFile::kUnassigned) manifest.min_sequence_number = number;
  }
}

Status ColumnsWereChanged() {
  return MakeError(ErrorKind::kCommitConflict,
                   "the table's columns were changed by another writer since the files were written");
}

bool IsReplacement(Kind kind) { return kind == Kind::kReplace || kind == Kind::kReplaceColumns; }

}  // namespace

SnapshotUpdate::SnapshotUpdate(const SnapshotChange& change, const TableMetadata& base, NewFiles* files)
    : change_(change),
      files_(files),
      snapshot_id_(NewSnapshotId(base)),
      commit_uuid_(NewUuid()),
      removal_(change.removal, base.last_sequence_number(), change.request.files) {
  for (const DataFile& file : change.request.files) added_.Add(file);
}

Status SnapshotUpdate::WriteManifests(const TableMetadata& base) {
  spec_id_ = base.default_spec_id();
  const int64_t number = change_.data_sequence_number.value_or(0);
  if (number < 0 || number > base.last_sequence_number()) {
    return UsageError("the table has no commit {} yet that rows could count as old as", number);
  }
  const std::vector<DataFile>& files = change_.request.files;
  if (files.empty()) return Status::OK();
  std::unordered_set<std::string_view> paths;
  for (const DataFile& file : files) {
    if (!paths.insert(file.path).second) return UsageError("{} cannot be added twice", file.path);
    if (removal_.Names(file.path)) return UsageError("{} cannot be both added and removed", file.path);
  }
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
  for (const DataFile& file : files) sorted.push_back(&file);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->partition < b->partition; });
  std::optional<ManifestWriter> writer;
  const auto store = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(ManifestFile row, Store(&*writer));
    manifests_.push_back(std::move(row));
    writer.reset();
    return Status::OK();
  };
  for (const DataFile* file : sorted) {
    if (!writer) writer.emplace(schema_json, spec, snapshot_id_);
    ARROW_RETURN_NOT_OK(writer->AddNew(*file, change_.data_sequence_number));
    if (writer->bytes_written() >= target) ARROW_RETURN_NOT_OK(store());
  }
  return writer ? store() : Status::OK();
}

Result<ManifestFile> SnapshotUpdate::Store(ManifestWriter* writer) {
  ARROW_ASSIGN_OR_RAISE(auto finished, writer->Finish());
  ARROW_ASSIGN_OR_RAISE(finished.row.path,
                        files_->Write(NewManifestName(commit_uuid_, next_manifest_++), finished.bytes));
  return std::move(finished.row);
}

Result<std::optional<TableMetadata>> SnapshotUpdate::Evolve(const TableMetadata& base) const {
  const auto& schema = change_.request.schema;
  if (change_.kind == Kind::kReplaceColumns) return WithReplacedColumns(base);
  if (schema == nullptr || IsReadableAs(*schema, *base.schema())) return std::nullopt;
  const auto last_column_id = LastColumnIdOfGrown(*schema, *base.schema(), base.last_column_id());
  if (!last_column_id) return ColumnsWereChanged();
  TableMetadata evolved = base;
  ARROW_RETURN_NOT_OK(evolved.SetSchema(*schema, *last_column_id));
  return evolved;
}

Result<TableMetadata> SnapshotUpdate::WithReplacedColumns(const TableMetadata& base) const {
  const arrow::Schema& schema = *change_.request.schema;
  const auto last_column_id = LastColumnIdOfReplaced(schema, *base.schema(), base.last_column_id());
  if (!last_column_id) return ColumnsWereChanged();
  const std::set<int64_t> referred = base.ReferredFieldIds();
  for (int i = 0; i < schema.num_fields(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const int id, FieldIdOf(*base.schema()->field(i)));
    ARROW_ASSIGN_OR_RAISE(const int new_id, FieldIdOf(*schema.field(i)));
    if (id != new_id && referred.contains(id)) {
      return UsageError("the table is partitioned, sorted or has its rows told apart by the column `{}`",
                        OneLine(schema.field(i)->name()));
    }
  }
  TableMetadata replaced = base;
  ARROW_RETURN_NOT_OK(replaced.SetSchema(schema, *last_column_id));
  return replaced;
}

Result<std::optional<TableMetadata>> SnapshotUpdate::Attempt(const TableMetadata& base, int attempt) {
  const Table::CommitRequest& request = change_.request;
  ARROW_ASSIGN_OR_RAISE(auto evolved, Evolve(base));
  const bool rewrites = change_.kind == Kind::kRewriteManifests;
  const bool always_changes = rewrites || change_.kind == Kind::kReplaceColumns;
  if (manifests_.empty() && request.summary.empty() && removal_.empty() && !always_changes) return evolved;
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

  FileCounts removed;
  Summary summary = request.summary;
  if (request.summary_on_top) summary.merge(request.summary_on_top());
  std::vector<ManifestFile> manifests;
  if (rewrites) {
    ARROW_ASSIGN_OR_RAISE(auto rewritten, Rewritten(next, parent, &summary));
    if (!rewritten) return evolved;
    manifests = *std::move(rewritten);
  } else {
    ARROW_ASSIGN_OR_RAISE(manifests, ManifestsOnTopOf(next, parent, &removed));
  }
  ARROW_RETURN_NOT_OK(CheckCounts(removed));
  snapshot.summary = MakeSummary(Operation(removed), std::move(summary), added_, removed, parent);
  AssignSequenceNumber(snapshot.sequence_number, &manifests);
  ARROW_ASSIGN_OR_RAISE(
      const std::string list,
      EncodeManifestList(manifests, {snapshot.id, snapshot.parent_id, snapshot.sequence_number}));
  ARROW_ASSIGN_OR_RAISE(snapshot.manifest_list,
                        files_->Write(NewManifestListName(snapshot.id, attempt, commit_uuid_), list));
  next.AddSnapshot(snapshot);
  auto properties = request.missing_properties;
  std::erase_if(properties, [&](const auto& property) { return next.properties().contains(property.first); });
  next.SetProperties(properties);
  return next;
}

Result<std::vector<ManifestFile>> SnapshotUpdate::LiveManifests(const std::optional<Snapshot>& parent) const {
  std::vector<ManifestFile> manifests;
  if (!parent) return manifests;
  ARROW_ASSIGN_OR_RAISE(manifests, ReadManifestList(parent->manifest_list, files_->s3()));
  // What a manifest says of files that an older snapshot removed is known to that snapshot alone.
  std::erase_if(manifests, [](const ManifestFile& manifest) { return !manifest.has_live_files(); });
  return manifests;
}

Result<std::optional<std::vector<ManifestFile>>> SnapshotUpdate::Rewritten(
    const TableMetadata& metadata, const std::optional<Snapshot>& parent, Summary* summary) {
  ARROW_ASSIGN_OR_RAISE(auto manifests, LiveManifests(parent));
  ARROW_ASSIGN_OR_RAISE(const PartitionSpec spec, metadata.FindSpec(spec_id_));
  ARROW_ASSIGN_OR_RAISE(const ManifestCounts counts,
                        RewriteManifests(metadata, spec, snapshot_id_, files_, &manifests));
  if (counts.replaced == 0) return std::nullopt;
  summary->insert({{"manifests-created", std::to_string(counts.created)},
                   {"manifests-replaced", std::to_string(counts.replaced)},
                   {"manifests-kept", std::to_string(counts.kept)},
                   {"entries-processed", std::to_string(counts.entries)}});
  return manifests;
}

Result<std::vector<ManifestFile>> SnapshotUpdate::ManifestsOnTopOf(const TableMetadata& metadata,
                                                                   const std::optional<Snapshot>& parent,
                                                                   FileCounts* removed) {
  std::vector<ManifestFile> manifests = manifests_;
  ARROW_ASSIGN_OR_RAISE(std::vector<ManifestFile> older, LiveManifests(parent));
  if (!removal_.empty()) {
    const auto store = [this](ManifestWriter* writer) { return Store(writer); };
    ARROW_ASSIGN_OR_RAISE(*removed, removal_.Apply(metadata, snapshot_id_, files_->s3(), store, &older));
  }
  const bool replaces_all = change_.kind == Kind::kReplaceColumns;
  if (replaces_all && std::ranges::any_of(older, &ManifestFile::has_live_files)) {
    return MakeError(ErrorKind::kCommitConflict,
                     "another writer has added rows in the old columns meanwhile");
  }
  ARROW_ASSIGN_OR_RAISE(const PartitionSpec spec, metadata.FindSpec(spec_id_));
  const std::string name = NewManifestName(commit_uuid_, next_manifest_++);
  ARROW_RETURN_NOT_OK(MergeOldManifests(metadata, spec, snapshot_id_, name, files_, &older));
  std::move(older.begin(), older.end(), std::back_inserter(manifests));
  return manifests;
}

// As the specification tells them apart: readers of increments go by it.
const char* SnapshotUpdate::Operation(const FileCounts& removed) const {
  if (IsReplacement(change_.kind) || change_.kind == Kind::kRewriteManifests) return "replace";
  if (change_.kind == Kind::kDelete) return "delete";
  if (change_.kind == Kind::kAppend || removed.files == 0) return "append";
  return added_.files == 0 ? "delete" : "overwrite";
}

// A replacement has the rows of what it replaces, or fewer where some were superseded before.
Status SnapshotUpdate::CheckCounts(const FileCounts& removed) const {
  if (!IsReplacement(change_.kind) || added_.records <= removed.records) return Status::OK();
  return UsageError("{} rows cannot be replaced by {}: that would be an overwrite", removed.records,
                    added_.records);
}

}  // namespace earthcatalog::iceberg
