#include "earthcatalog/iceberg/manifest_span.h"

#include <algorithm>
#include <limits>

#include "earthcatalog/iceberg/single_value.h"

namespace earthcatalog::iceberg {

bool MayContain(const PartitionSummary& summary, std::string_view cell) {
  return !summary.HoldsOnlyNulls() && (!summary.lower || *summary.lower <= cell) &&
         (!summary.upper || cell <= *summary.upper || cell.starts_with(*summary.upper));
}

bool MayContain(const PartitionSummary& summary, int64_t first, int64_t last) {
  const auto year = [](const std::optional<std::string>& bound, int64_t unknown) {
    const auto value = IntFromBytes(bound.value_or(""));
    return value ? int64_t{*value} + Partition::kEpochYear : unknown;
  };
  return !summary.HoldsOnlyNulls() && year(summary.lower, INT64_MIN) <= last &&
         year(summary.upper, INT64_MAX) >= first;
}

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

bool IsCopyable(const ManifestFile& manifest, const PartitionSpec& spec) {
  return manifest.content == ManifestFile::kData && manifest.spec_id == spec.id && !manifest.key_metadata;
}

std::vector<ManifestSpan> SpansOf(const std::vector<ManifestFile>& manifests, const PartitionSpec& spec) {
  std::vector<ManifestSpan> spans;
  for (size_t i = 0; i < manifests.size(); ++i) {
    if (!IsCopyable(manifests[i], spec)) continue;
    if (const auto span = SpanOf(manifests[i], spec)) spans.push_back({*span, i});
  }
  std::sort(spans.begin(), spans.end(),
            [](const ManifestSpan& a, const ManifestSpan& b) { return a.first < b.first; });
  return spans;
}

std::vector<ManifestSpan> DeepestOf(const std::vector<ManifestSpan>& spans) {
  std::vector<ManifestSpan> open, deepest;
  for (const ManifestSpan& span : spans) {
    std::erase_if(open, [&span](const ManifestSpan& before) { return before.last < span.first; });
    open.push_back(span);
    if (open.size() > deepest.size()) deepest = open;
  }
  return deepest;
}

}  // namespace earthcatalog::iceberg
