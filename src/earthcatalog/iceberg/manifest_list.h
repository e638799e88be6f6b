// Manifest lists: one per snapshot, one row per manifest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::iceberg {

// Of one partition field over all files of a manifest.
struct PartitionSummary {
  bool contains_null = false;
  std::optional<bool> contains_nan;
  std::optional<std::string> lower;  // single-value serialization
  std::optional<std::string> upper;

  // Bounds of nulls alone are missing, as the specification has it. Those of values that a writer left out
  // tell nothing.
  bool HoldsOnlyNulls() const { return contains_null && !lower && !upper; }
};

struct ManifestFile {
  static constexpr int kData = 0;
  static constexpr int kDeletes = 1;
  static constexpr int64_t kUnassigned = -1;  // a sequence number that the commit gives

  std::string path;
  int64_t length = 0;
  int spec_id = 0;
  int content = kData;
  int64_t sequence_number = 0;
  int64_t min_sequence_number = 0;
  int64_t added_snapshot_id = 0;
  int64_t added_files = 0;
  int64_t existing_files = 0;
  int64_t deleted_files = 0;
  int64_t added_rows = 0;
  int64_t existing_rows = 0;
  int64_t deleted_rows = 0;
  std::optional<std::vector<PartitionSummary>> partitions;  // in the order of the spec's fields
  std::optional<std::string> key_metadata;

  bool has_live_files() const { return added_files > 0 || existing_files > 0; }
};

struct ManifestListInfo {
  int64_t snapshot_id = 0;
  std::optional<int64_t> parent_snapshot_id;
  int64_t sequence_number = 0;
};

Result<std::string> EncodeManifestList(const std::vector<ManifestFile>& manifests,
                                       const ManifestListInfo& info);

// Reads lists of format version 1 too, whose sequence numbers are 0.
Result<std::vector<ManifestFile>> DecodeManifestList(std::string bytes);

// An error when another engine left row-level deletes: files are read as a whole, which would bring the rows
// back.
Status CheckHasNoDeletes(const std::vector<ManifestFile>& manifests);

}  // namespace earthcatalog::iceberg
