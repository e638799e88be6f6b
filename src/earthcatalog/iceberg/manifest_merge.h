// Keeping the number of manifests that a search reads bounded while a table grows by many commits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/metadata.h"
#include "earthcatalog/iceberg/metadata_files.h"

namespace earthcatalog::iceberg {

inline constexpr char kManifestBytesProperty[] = "commit.manifest.target-size-bytes";
inline constexpr int64_t kDefaultManifestBytes = 8 << 20;

// What the table's properties make of the sizes of manifests.
struct ManifestSizes {
  static constexpr int64_t kPieces = 8;  // of as much as is merged at once

  explicit ManifestSizes(const TableMetadata& metadata);
  // Half a piece is no longer small, so that merging makes none of these.
  bool IsSmall(const ManifestFile& manifest) const { return manifest.length <= piece_bytes / 2; }

  // The size of pieces where so many bytes are cut into pieces of the same size.
  int64_t EvenPieces(int64_t bytes) const;

  int64_t merge_bytes, piece_bytes;
};

// Two things make searches read many manifests: very many small ones, and several that may hold the same
// partition, as of commits that each touch every cell. So of `manifests`, newest first, some are merged,
// - when there are more small ones of `spec` than the property commit.manifest.min-count-to-merge allows
//   (100), the oldest of these,
// - else, when more than six may hold the same partition, the widest of these,
// into manifests of about an eighth of the target size whose partitions do not overlap; the first of them is
// called `name`. A piece has all of a cell. Entries keep the snapshot and sequence numbers they came with.
// Reads and writes no more than the target size, which takes some 70 MiB of memory where that is 8 MiB.
// Nothing is done when commit.manifest-merge.enabled is false, or with a spec that is not one of cell and
// year. After an error `manifests` is as it was.
Status MergeOldManifests(const TableMetadata& metadata, const PartitionSpec& spec, int64_t snapshot_id,
                         const std::string& name, NewFiles* files, std::vector<ManifestFile>* manifests);

}  // namespace earthcatalog::iceberg
