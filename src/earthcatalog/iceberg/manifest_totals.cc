// What a table's metadata is made of, without reading what the manifests say.
#include <algorithm>
#include <iterator>

#include "earthcatalog/iceberg/manifest_span.h"
#include "earthcatalog/iceberg/metadata_files.h"
#include "earthcatalog/iceberg/table_impl.h"
#include "earthcatalog/iceberg/update/manifest_rewrite.h"

namespace earthcatalog::iceberg {

Result<ManifestTotals> Table::TotalsOfManifests() const {
  const TableMetadata& metadata = impl_->metadata();
  ManifestTotals totals;
  const auto snapshot = metadata.current_snapshot();
  if (!snapshot) return totals;
  ARROW_ASSIGN_OR_RAISE(auto manifests,
                        ReadManifestList(snapshot->manifest_list, impl_->s3(), &totals.list_bytes));
  std::erase_if(manifests, [](const ManifestFile& manifest) { return !manifest.has_live_files(); });
  ARROW_ASSIGN_OR_RAISE(const PartitionSpec spec, metadata.FindSpec(metadata.default_spec_id()));
  const ManifestSizes sizes(metadata);
  for (const ManifestFile& manifest : manifests) totals.bytes += manifest.length;
  totals.count = std::ssize(manifests);
  totals.fixed = totals.count;
  if (!spec.IsCellAndYear()) return totals;
  const std::vector<ManifestSpan> spans = SpansOf(manifests, spec);
  totals.fixed -= std::ssize(spans);
  totals.deepest = std::ssize(DeepestOf(spans));
  for (const ManifestSegment& segment : SegmentsToRewrite(manifests, spec, sizes)) {
    totals.small +=
        std::count_if(segment.begin(), segment.end(), [&](size_t i) { return sizes.IsSmall(manifests[i]); });
  }
  return totals;
}

}  // namespace earthcatalog::iceberg
