// All manifests of a table arranged anew, so that a search reads few of them.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "earthcatalog/iceberg/manifest_merge.h"
#include "earthcatalog/iceberg/metadata.h"
#include "earthcatalog/iceberg/metadata_files.h"

namespace earthcatalog::iceberg {

struct ManifestCounts {
  int64_t created = 0;
  int64_t replaced = 0;
  int64_t kept = 0;
  int64_t entries = 0;  // in the replaced ones
};

// Manifests, by their places in a list, that are written anew together. As far as the list tells, no other
// manifest has a partition between theirs.
using ManifestSegment = std::set<size_t>;

// Those that RewriteManifests replaces, as far as the manifest list tells.
std::vector<ManifestSegment> SegmentsToRewrite(const std::vector<ManifestFile>& manifests,
                                               const PartitionSpec& spec, const ManifestSizes& sizes);

// Of `manifests` those of `spec` whose partitions overlap others', and small neighbours, are replaced by
// manifests of an eighth of the target size (manifest_merge.h) that share no cell; where they are so already,
// nothing is done. Entries keep the snapshot and sequence numbers that they came with; a manifest that does
// not tell these stays. Takes some 70 MiB of memory where the target size is 8 MiB, and a number for each
// cell; of one cell all entries must fit. Manifests of many cells are read several times where there are more
// than the target size of them. An error when `spec` is not one of cell and year; kCorrupt when the new
// manifests would not have as many live files as the replaced ones, whose entries alone are believed. After
// an error `manifests` is as it was.
Result<ManifestCounts> RewriteManifests(const TableMetadata& metadata, const PartitionSpec& spec,
                                        int64_t snapshot_id, NewFiles* files,
                                        std::vector<ManifestFile>* manifests);

}  // namespace earthcatalog::iceberg
