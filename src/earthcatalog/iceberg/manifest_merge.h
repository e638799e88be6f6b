// Keeping the number of manifests bounded while a table grows by small commits.
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

// When `manifests`, newest first, holds more small ones of `spec` than the property
// commit.manifest.min-count-to-merge allows (100): makes one, called `name`, of the oldest of them, as many
// as the target size takes. Its entries keep the snapshot and sequence numbers they came with. Reads and
// writes no more than about the target size, and that once in a hundred commits. Off when
// commit.manifest-merge.enabled is false.
Status MergeOldManifests(const TableMetadata& metadata, const PartitionSpec& spec, int64_t snapshot_id,
                         const std::string& name, NewFiles* files, std::vector<ManifestFile>* manifests);

}  // namespace earthcatalog::iceberg
