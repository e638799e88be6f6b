#include "earthcatalog/geoparquet/file_body.h"

namespace earthcatalog::geoparquet {

std::string_view CreatedBy() { return "earthcatalog version " EARTHCATALOG_VERSION; }

FileMetrics MetricsOf(const FileLayout& layout, int64_t rows, const FileBody& body,
                      const std::vector<ColumnStatistics>& statistics) {
  FileMetrics metrics{.record_count = rows, .columns = {}, .split_offsets = body.split_offsets};
  metrics.columns.reserve(layout.leaves.size());
  for (size_t i = 0; i < layout.leaves.size(); ++i) {
    const LeafColumn& leaf = layout.leaves[i];
    if (leaf.max_repetition > 0) continue;
    auto [lower, upper] = BoundsOf(statistics[i], *leaf.type);
    metrics.columns.push_back({leaf.field_id, body.column_bytes[i], rows, statistics[i].null_count(),
                               statistics[i].nan_count(), std::move(lower), std::move(upper)});
  }
  return metrics;
}

}  // namespace earthcatalog::geoparquet
