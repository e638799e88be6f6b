// The figures that an Iceberg manifest needs of one data file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace earthcatalog::geoparquet {

// What a manifest says of one leaf column outside lists. Bounds are in Parquet's plain encoding, which is
// Iceberg's single-value form for these types: little-endian numbers, UTF-8 text.
struct ColumnMetrics {
  int field_id;
  int64_t compressed_bytes;
  int64_t value_count;    // rows
  int64_t null_count;     // of the leaf, a null parent counts
  int64_t nan_count = 0;  // floating point columns only
  // Only for columns that the contract gives bounds to. Text is cut to 16 code points, the upper bound
  // rounded up; no upper bound when it cannot be. NaN is left out.
  std::optional<std::string> lower;
  std::optional<std::string> upper;

  bool operator==(const ColumnMetrics&) const = default;
};

struct FileMetrics {
  int64_t record_count = 0;
  std::vector<ColumnMetrics> columns;
  std::vector<int64_t> split_offsets;
  bool boxes_hold = false;  // as kBoxRuleKey (geo_metadata.h) says

  bool operator==(const FileMetrics&) const = default;
};

}  // namespace earthcatalog::geoparquet
