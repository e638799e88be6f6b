#include "earthcatalog/iceberg/manifest_merge.h"

#include <optional>
#include <set>
#include <utility>

namespace earthcatalog::iceberg {
namespace {

constexpr int64_t kDefaultMinCount = 100;

bool IsMergeOn(const TableMetadata& metadata) {
  const auto property = metadata.properties().find("commit.manifest-merge.enabled");
  return property == metadata.properties().end() || property->second != "false";
}

// The indices of the manifests to merge: none when there are not too many small ones. Half the target size is
// no longer small, so that two of them always fit into one.
std::set<size_t> ChooseOldest(const TableMetadata& metadata, int spec_id, int64_t snapshot_id,
                              const std::vector<ManifestFile>& manifests) {
  const int64_t target = metadata.NumberProperty(kManifestBytesProperty, kDefaultManifestBytes, 1);
  std::vector<size_t> small;
  for (size_t i = manifests.size(); i-- > 0;) {
    const ManifestFile& manifest = manifests[i];
    if (manifest.content != ManifestFile::kData || manifest.spec_id != spec_id) continue;
    if (manifest.added_snapshot_id == snapshot_id) continue;  // it tells what this commit removes
    if (manifest.length <= target / 2 && !manifest.key_metadata) small.push_back(i);
  }
  const int64_t allowed = metadata.NumberProperty("commit.manifest.min-count-to-merge", kDefaultMinCount, 2);
  if (static_cast<int64_t>(small.size()) <= allowed) return {};
  std::set<size_t> chosen;
  int64_t bytes = 0;
  for (const size_t i : small) {
    bytes += manifests[i].length;
    if (bytes > target) break;
    chosen.insert(i);
  }
  return chosen;
}

// The live entries as an older commit's; nothing when one does not say which commit brought it, as some
// writers leave it. In another manifest nobody could tell any more.
Result<std::optional<std::vector<ManifestEntry>>> EntriesToMove(const ManifestFile& manifest,
                                                                const PartitionSpec& spec,
                                                                const io::S3Settings& s3) {
  std::vector<ManifestEntry> entries;
  if (!manifest.has_live_files()) return entries;
  ARROW_ASSIGN_OR_RAISE(std::string bytes, ReadTableFile(manifest.path, s3));
  bool all_know_their_commit = true;
  const auto collect = [&](const ManifestEntry& entry) {
    all_know_their_commit &= entry.sequence_number.has_value();
    entries.push_back(entry);
    entries.back().state = ManifestEntry::State::kExisting;
    return Status::OK();
  };
  const Status read =
      DecodeManifest(std::move(bytes), manifest, spec, {.keep = {}, .to_copy = true}, collect);
  ARROW_RETURN_NOT_OK(WithContext(read, manifest.path));
  if (!all_know_their_commit) return std::nullopt;
  return entries;
}

}  // namespace

Status MergeOldManifests(const TableMetadata& metadata, const PartitionSpec& spec, int64_t snapshot_id,
                         const std::string& name, NewFiles* files, std::vector<ManifestFile>* manifests) {
  if (!IsMergeOn(metadata)) return Status::OK();
  const std::set<size_t> chosen = ChooseOldest(metadata, spec.id, snapshot_id, *manifests);
  if (chosen.size() < 2) return Status::OK();
  ManifestWriter writer(metadata.schema_json(), spec, snapshot_id);
  std::vector<ManifestFile> kept;
  int merged_count = 0;
  for (size_t i = 0; i < manifests->size(); ++i) {
    std::optional<std::vector<ManifestEntry>> entries;
    if (chosen.contains(i)) {
      ARROW_ASSIGN_OR_RAISE(entries, EntriesToMove((*manifests)[i], spec, files->s3()));
    }
    if (!entries) {
      kept.push_back((*manifests)[i]);
      continue;
    }
    ++merged_count;
    for (const ManifestEntry& entry : *entries) ARROW_RETURN_NOT_OK(writer.Add(entry));
  }
  if (merged_count < 2) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto merged, writer.Finish());
  if (merged.row.has_live_files()) {
    ARROW_ASSIGN_OR_RAISE(merged.row.path, files->Write(name, merged.bytes));
    kept.push_back(std::move(merged.row));
  }
  *manifests = std::move(kept);
  return Status::OK();
}

}  // namespace earthcatalog::iceberg
