// What a manifest records of one data file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/field_map.h"

namespace earthcatalog::iceberg {

// The partition of this project's spec: identity(grid_partition), year(datetime).
struct Partition {
  std::optional<std::string> grid_partition;
  std::optional<int32_t> year;  // years since 1970, as Iceberg's year transform counts; nothing for unknown

  static constexpr int kEpochYear = 1970;
  std::optional<int> calendar_year() const {
    return year ? std::optional(static_cast<int>(int64_t{*year} + kEpochYear)) : std::nullopt;
  }

  auto operator<=>(const Partition&) const = default;
};

// The key in a file's null counts at which stands of how many rows the column `bbox` may miss the footprint.
// No column has this id: readers pass it over like that of a column which is gone. Where it is missing
// nothing is known of the boxes: files of earlier versions and of other engines.
inline constexpr int kRowsOutsideBoxId = 2'147'480'000;

struct DataFile {
  std::string path;  // URI
  Partition partition;
  int64_t record_count = 0;
  int64_t file_size = 0;
  FieldMap<int64_t> column_sizes;  // by field id, these and all below
  FieldMap<int64_t> value_counts;
  FieldMap<int64_t> null_value_counts;
  FieldMap<int64_t> nan_value_counts;
  FieldMap<std::string> lower_bounds;  // single-value serialization
  FieldMap<std::string> upper_bounds;
  std::vector<int64_t> split_offsets;
  int64_t sequence_number = 0;  // of the commit that brought its rows; set by reading
};

// Whether the file's metrics say that no box misses its footprint.
inline bool BoxesHold(const DataFile& file) {
  const auto outside = file.null_value_counts.find(kRowsOutsideBoxId);
  return outside != file.null_value_counts.end() && outside->second == 0;
}

}  // namespace earthcatalog::iceberg
