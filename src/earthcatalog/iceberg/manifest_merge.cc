#include "earthcatalog/iceberg/manifest_merge.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "earthcatalog/iceberg/manifest_entries.h"
#include "earthcatalog/iceberg/manifest_span.h"

namespace earthcatalog::iceberg {
namespace {

constexpr int64_t kDefaultMinCount = 100;
constexpr size_t kMaxDepth = 6;

bool IsMergeOn(const TableMetadata& metadata) {
  const auto property = metadata.properties().find("commit.manifest-merge.enabled");
  return property == metadata.properties().end() || property->second != "false";
}

// What may be merged, and when.
struct Limits : ManifestSizes {
  Limits(const TableMetadata& metadata, const PartitionSpec& of_spec, int64_t snapshot)
      : ManifestSizes(metadata),
        spec(of_spec),
        snapshot_id(snapshot),
        small_count(metadata.NumberProperty("commit.manifest.min-count-to-merge", kDefaultMinCount, 2)) {}

  // What this commit wrote itself tells what it removes.
  bool CanMerge(const ManifestFile& manifest) const {
    return IsCopyable(manifest, spec) && manifest.added_snapshot_id != snapshot_id;
  }

  const PartitionSpec& spec;
  int64_t snapshot_id, small_count;
};

// As many of them, in this order, as may be merged at once.
std::set<size_t> TakeFirst(const std::vector<size_t>& candidates, const std::vector<ManifestFile>& manifests,
                           const Limits& limits) {
  std::set<size_t> chosen;
  int64_t bytes = 0;
  for (const size_t i : candidates) {
    if (bytes + manifests[i].length > limits.merge_bytes) continue;
    bytes += manifests[i].length;
    chosen.insert(i);
  }
  return chosen;
}

// The oldest of the small manifests, when these are too many.
std::set<size_t> ChooseOldest(const std::vector<ManifestFile>& manifests, const Limits& limits) {
  std::vector<size_t> small;
  for (size_t i = manifests.size(); i-- > 0;) {
    if (limits.CanMerge(manifests[i]) && limits.IsSmall(manifests[i])) small.push_back(i);
  }
  if (static_cast<int64_t>(small.size()) <= limits.small_count) return {};
  return TakeFirst(small, manifests, limits);
}

// Those that can become narrower: a full manifest of one partition cannot.
std::vector<ManifestSpan> MergeableSpans(const std::vector<ManifestFile>& manifests, const Limits& limits) {
  std::vector<ManifestSpan> spans = SpansOf(manifests, limits.spec);
  std::erase_if(spans, [&](const ManifestSpan& span) {
    const ManifestFile& manifest = manifests[span.manifest];
    return !limits.CanMerge(manifest) || manifest.length > limits.merge_bytes ||
           (!limits.IsSmall(manifest) && span.first == span.last);
  });
  return spans;
}

// Manifests that may all hold the same partition, so that who looks for it reads each: the widest of them,
// when these are too many, for they are in the way of most searches.
std::set<size_t> ChooseDeepest(const std::vector<ManifestFile>& manifests, const Limits& limits) {
  const std::vector<ManifestSpan> spans = MergeableSpans(manifests, limits);
  const std::vector<ManifestSpan> deepest = DeepestOf(spans);
  if (deepest.size() <= kMaxDepth) return {};
  std::vector<std::pair<size_t, size_t>> by_width;  // how many others it overlaps
  for (const ManifestSpan& one : deepest) {
    const auto overlaps = [&one](const ManifestSpan& other) { return one.Overlaps(other); };
    by_width.emplace_back(std::count_if(spans.begin(), spans.end(), overlaps), one.manifest);
  }
  std::sort(by_width.rbegin(), by_width.rend());
  std::vector<size_t> candidates;
  for (const auto& [width, manifest] : by_width) candidates.push_back(manifest);
  return TakeFirst(candidates, manifests, limits);
}

}  // namespace

ManifestSizes::ManifestSizes(const TableMetadata& metadata)
    : merge_bytes(metadata.NumberProperty(kManifestBytesProperty, kDefaultManifestBytes, 1)),
      piece_bytes(std::max<int64_t>(merge_bytes / kPieces, 1)) {}

int64_t ManifestSizes::EvenPieces(int64_t bytes) const {
  return bytes / std::max<int64_t>((bytes + piece_bytes - 1) / piece_bytes, 1);
}

Status MergeOldManifests(const TableMetadata& metadata, const PartitionSpec& spec, int64_t snapshot_id,
                         const std::string& name, NewFiles* files, std::vector<ManifestFile>* manifests) {
  if (!IsMergeOn(metadata) || !spec.IsCellAndYear()) return Status::OK();
  const Limits limits(metadata, spec, snapshot_id);
  std::set<size_t> chosen = ChooseOldest(*manifests, limits);
  if (chosen.size() < 2) chosen = ChooseDeepest(*manifests, limits);
  if (chosen.size() < 2) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto entries, TakeEntries(*manifests, spec, files->s3(), {}, &chosen));
  if (chosen.size() < 2) return Status::OK();
  int64_t bytes = 0;
  for (const size_t i : chosen) bytes += (*manifests)[i].length;
  PieceWriter writer(metadata, spec, snapshot_id, name, files);
  ARROW_ASSIGN_OR_RAISE(auto merged, writer.Write(entries, limits.EvenPieces(bytes)));
  std::vector<ManifestFile> kept;
  for (size_t i = 0; i < manifests->size(); ++i) {
    if (!chosen.contains(i)) kept.push_back(std::move((*manifests)[i]));
  }
  std::move(merged.begin(), merged.end(), std::back_inserter(kept));
  *manifests = std::move(kept);
  return Status::OK();
}

}  // namespace earthcatalog::iceberg
