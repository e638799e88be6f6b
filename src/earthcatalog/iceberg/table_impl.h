// What a Table is inside: the metadata it was last seen with, and the way to commit the next version of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "earthcatalog/iceberg/manifest_cache.h"
#include "earthcatalog/iceberg/metadata.h"
#include "earthcatalog/iceberg/metadata_files.h"
#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::iceberg {

struct SnapshotChange;

// Of the table in the catalog; kNotFound when there is none.
Result<std::string> CurrentLocation(CatalogStore* store);
Result<TableMetadata> ReadMetadata(const std::string& location, const io::S3Settings& s3);

class Table::Impl {
 public:
  Impl(std::shared_ptr<CatalogStore> store, io::S3Settings s3, TableMetadata metadata,
       std::string metadata_location)
      : store_(std::move(store)),
        s3_(std::move(s3)),
        metadata_(std::move(metadata)),
        metadata_location_(std::move(metadata_location)) {}

  const TableMetadata& metadata() const { return metadata_; }
  const std::string& metadata_location() const { return metadata_location_; }
  const io::S3Settings& s3() const { return s3_; }

  // Null when nothing is kept.
  ManifestCache* cache() const { return cache_.get(); }
  void set_cache(std::shared_ptr<ManifestCache> cache) { cache_ = std::move(cache); }

  Status Refresh();

  // The operations that make a snapshot.
  Status CommitSnapshot(const SnapshotChange& change);

  // One attempt at a change: the next metadata on top of `base`, or nothing when there is nothing to change.
  using Change = std::function<Result<std::optional<TableMetadata>>(const TableMetadata& base, int attempt)>;

  // Swaps the catalog's pointer to what `change` makes of the current metadata; when somebody else was
  // faster, again on top of theirs, a bounded number of times. Where there is nothing to change in the table
  // as we know it, but the catalog has another, `change` is asked once more, of that. `files` holds what the
  // commit writes: kept when it is in (or may be: kCommitUnknown), taken back when it is not.
  Status Commit(const Change& change, NewFiles* files, bool sync);

 private:
  // Whether the error is what one meets who looks for files of a version that is no longer the current one.
  bool IsOutdated(const Status& error) const;
  // False when somebody else was faster.
  Result<bool> TryCommit(TableMetadata next, NewFiles* files, bool sync);
  enum class Outcome { kCommitted, kNotCommitted, kHistoryTooShort };
  // After a swap that ended with an error: whether the table has, or had and was built on, the metadata at
  // `location` with the current snapshot of `next`.
  Result<Outcome> FindOutcome(const TableMetadata& next, const std::string& location);

  // Deletes the versions that a commit dropped from the log, when the table's properties say so.
  void DeleteOldVersions(const std::vector<std::string>& versions) const;

  std::shared_ptr<CatalogStore> store_;
  const io::S3Settings s3_;
  TableMetadata metadata_;
  std::string metadata_location_;
  std::shared_ptr<ManifestCache> cache_;
};

}  // namespace earthcatalog::iceberg
