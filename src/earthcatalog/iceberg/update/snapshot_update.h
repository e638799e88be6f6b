// One new snapshot on top of the current one: the shared part of append, overwrite, replace, delete and
// rewriting manifests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/metadata.h"
#include "earthcatalog/iceberg/metadata_files.h"
#include "earthcatalog/iceberg/update/removal.h"

namespace earthcatalog::iceberg {

struct SnapshotChange {
  enum class Kind { kAppend, kOverwrite, kReplace, kReplaceColumns, kDelete, kRewriteManifests };
  Kind kind = Kind::kAppend;
  const Table::CommitRequest& request;
  const Table::Removal& removal;
  std::optional<int64_t> data_sequence_number = std::nullopt;  // of the added files, if not the commit's
};

// Carries out one change, in as many attempts as it takes. Used by one thread.
class SnapshotUpdate {
 public:
  // `change` and `files` outlive this; `base` is the table as the caller looked at it.
  SnapshotUpdate(const SnapshotChange& change, const TableMetadata& base, NewFiles* files);

  // Writes the manifests of the added files, which every attempt shares.
  Status WriteManifests(const TableMetadata& base);

  // The next metadata on top of `base`, or nothing when there is nothing to change.
  Result<std::optional<TableMetadata>> Attempt(const TableMetadata& base, int attempt);

 private:
  Result<ManifestFile> Store(ManifestWriter* writer);
  // `base` with the schema of the request, or nothing when it holds that already.
  Result<std::optional<TableMetadata>> Evolve(const TableMetadata& base) const;
  // `base` with the schema of the request, in which columns are replaced.
  Result<TableMetadata> WithReplacedColumns(const TableMetadata& base) const;
  // The parent's manifests without those that hold no file any more.
  Result<std::vector<ManifestFile>> LiveManifests(const std::optional<Snapshot>& parent) const;
  // The new manifests, then the parent's without what is removed.
  Result<std::vector<ManifestFile>> ManifestsOnTopOf(const TableMetadata& metadata,
                                                     const std::optional<Snapshot>& parent,
                                                     FileCounts* removed);
  // The parent's in other manifests, and what the summary says of that. Nothing when they are fine.
  Result<std::optional<std::vector<ManifestFile>>> Rewritten(const TableMetadata& metadata,
                                                             const std::optional<Snapshot>& parent,
                                                             Summary* summary);
  const char* Operation(const FileCounts& removed) const;
  Status CheckCounts(const FileCounts& removed) const;

  const SnapshotChange& change_;
  NewFiles* const files_;
  const int64_t snapshot_id_;
  const std::string commit_uuid_;
  const FileRemoval removal_;
  FileCounts added_;
  int spec_id_ = 0;
  int next_manifest_ = 0;
  std::vector<ManifestFile> manifests_;  // of the added files
};

}  // namespace earthcatalog::iceberg
