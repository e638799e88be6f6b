#include "earthcatalog/iceberg/manifest_span.h"

#include <limits>

#include "earthcatalog/iceberg/single_value.h"

namespace earthcatalog::iceberg {

std::optional<PartitionSpan> SpanOf(const ManifestFile& manifest, const PartitionSpec& spec) {
  if (!manifest.partitions || manifest.partitions->size() != spec.fields.size()) return std::nullopt;
  PartitionSpan span;
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const auto& [contains_null, contains_nan, lower, upper] = (*manifest.partitions)[i];
    if (!contains_null && (!lower || !upper)) return std::nullopt;
    if (spec.fields[i].role == PartitionField::Role::kCell) {
      if (!contains_null) span.first.grid_partition = lower;
      span.last.grid_partition = upper;
    } else {
      if (!contains_null) span.first.year = IntFromBytes(*lower);
      span.last.year = IntFromBytes(upper.value_or(""));
    }
  }
  if (span.first.grid_partition != span.last.grid_partition) {  // the years are those of many cells
    span.first.year.reset();
    span.last.year = std::numeric_limits<int32_t>::max();
  }
  return span;
}

}  // namespace earthcatalog::iceberg
