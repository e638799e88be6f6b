// Entries on their way from manifests to others: nothing of what is known of a file changes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/metadata.h"
#include "earthcatalog/iceberg/metadata_files.h"

namespace earthcatalog::iceberg {

using ManifestEntries = std::vector<ManifestEntry>;

// Takes the live entries of the manifests in `chosen`, those of partitions that `wanted` accepts (empty:
// all), as older commits'. Takes out of `chosen` the manifests of which one entry does not say which commit
// brought it, as some writers leave it: in another manifest nobody could tell any more.
Result<std::vector<ManifestEntries>> TakeEntries(const std::vector<ManifestFile>& manifests,
                                                 const PartitionSpec& spec, const io::S3Settings& s3,
                                                 const std::function<bool(const Partition&)>& wanted,
                                                 std::set<size_t>* chosen);

// Writes entries in the order of their partitions, to manifests that share no cell: a manifest list tells the
// years of a manifest's first and last cell together with those of all others. One thread.
class PieceWriter {
 public:
  // All outlive this. `first_name`: of the first manifest, the others get names of their own.
  PieceWriter(const TableMetadata& metadata, const PartitionSpec& spec, int64_t snapshot_id,
              std::string first_name, NewFiles* files)
      : metadata_(metadata),
        spec_(spec),
        snapshot_id_(snapshot_id),
        next_name_(std::move(first_name)),
        files_(*files) {}

  // A piece ends with the first cell that makes it `piece_bytes` long, compressed. What is written
  // belongs to pieces of this call alone.
  Result<std::vector<ManifestFile>> Write(const std::vector<ManifestEntries>& manifests, int64_t piece_bytes);

 private:
  Status Finish();

  const TableMetadata& metadata_;
  const PartitionSpec& spec_;
  const int64_t snapshot_id_;
  std::string next_name_;
  NewFiles& files_;
  std::optional<ManifestWriter> writer_;
  std::vector<ManifestFile> pieces_;
};

}  // namespace earthcatalog::iceberg
