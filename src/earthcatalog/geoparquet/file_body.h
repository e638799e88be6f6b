// What both file encoders take and give: one for large files, one for small ones.
#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "earthcatalog/geoparquet/column_statistics.h"
#include "earthcatalog/geoparquet/file_metrics.h"
#include "earthcatalog/geoparquet/leaf_columns.h"
#include "earthcatalog/geoparquet/leaf_walker.h"

namespace earthcatalog::geoparquet {

inline constexpr size_t kMaxStatisticsBytes = 256;  // longer minima and maxima are left out of a file

// How CreatedBy() begins, whatever the version.
inline constexpr std::string_view kCreator = "earthcatalog version ";

// Names the program and its version; readers judge by it which old errors to expect in a file.
std::string_view CreatedBy();

using FileMetadata = std::vector<std::pair<std::string, std::string>>;

struct FileBody {
  std::shared_ptr<arrow::Buffer> bytes;
  std::vector<int64_t> column_bytes;  // on disk, by leaf
  std::vector<int64_t> split_offsets;
};

// What the encoders gathered, as a manifest needs it; `statistics`: one for each leaf.
FileMetrics MetricsOf(const FileLayout& layout, int64_t rows, const FileBody& body,
                      const std::vector<ColumnStatistics>& statistics);

}  // namespace earthcatalog::geoparquet
