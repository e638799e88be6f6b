// Which partitions a manifest may hold, as the manifest list tells: where bounds are missing, anything.
// Bounds of texts may be cut short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/iceberg/manifest_list.h"
#include "earthcatalog/iceberg/partition_spec.h"

namespace earthcatalog::iceberg {

// Partitions in their order: from `first` to `last`, both of them included.
struct PartitionSpan {
  Partition first, last;

  bool Overlaps(const PartitionSpan& other) const { return !(other.last < first) && !(last < other.first); }
};

struct ManifestSpan : PartitionSpan {
  size_t manifest;  // its place in a list
};

// Whether the cell may be among those that the summary is of.
bool MayContain(const PartitionSummary& summary, std::string_view cell);
// The same of the years, of the calendar, from `first` to `last`.
bool MayContain(const PartitionSummary& summary, int64_t first, int64_t last);

// Nothing when the list does not tell. The bounds as they stand there: good enough to choose by, but what
// begins with the last cell may be in the manifest, too.
std::optional<PartitionSpan> SpanOf(const ManifestFile& manifest, const PartitionSpec& spec);

// Whether its entries may be copied to a manifest of `spec`: data files of that spec, not encrypted.
bool IsCopyable(const ManifestFile& manifest, const PartitionSpec& spec);

// Of the copyable ones whose span the list tells, by where they begin.
std::vector<ManifestSpan> SpansOf(const std::vector<ManifestFile>& manifests, const PartitionSpec& spec);

// The most that meet in one partition. `spans` begin one after the other.
std::vector<ManifestSpan> DeepestOf(const std::vector<ManifestSpan>& spans);

}  // namespace earthcatalog::iceberg
