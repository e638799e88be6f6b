#include "earthcatalog/iceberg/manifest_merge.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/read_ahead.h"
#include "earthcatalog/iceberg/single_value.h"

namespace earthcatalog::iceberg {
namespace {

using Role = PartitionField::Role;

constexpr int64_t kDefaultMinCount = 100;
constexpr size_t kMaxDepth = 6;
constexpr int64_t kPieces = 8;  // of as much as is merged at once

bool IsMergeOn(const TableMetadata& metadata) {
  const auto property = metadata.properties().find("commit.manifest-merge.enabled");
  return property == metadata.properties().end() || property->second != "false";
}

// What may be merged, and what the table's properties make of the sizes.
struct Limits {
  Limits(const TableMetadata& metadata, int spec, int64_t snapshot) : spec_id(spec), snapshot_id(snapshot) {
    merge_bytes = metadata.NumberProperty(kManifestBytesProperty, kDefaultManifestBytes, 1);
    piece_bytes = std::max<int64_t>(merge_bytes / kPieces, 1);
    small_count = metadata.NumberProperty("commit.manifest.min-count-to-merge", kDefaultMinCount, 2);
  }
  // What this commit wrote itself tells what it removes.
  bool CanMerge(const ManifestFile& manifest) const {
    return manifest.content == ManifestFile::kData && manifest.spec_id == spec_id &&
           manifest.added_snapshot_id != snapshot_id && !manifest.key_metadata;
  }
  // Half a piece is no longer small, so that merging makes none of these.
  bool IsSmall(const ManifestFile& manifest) const { return manifest.length <= piece_bytes / 2; }

  int spec_id;
  int64_t snapshot_id, merge_bytes, piece_bytes, small_count;
};

// As many of them, in this order, as may be merged at once.
std::set<size_t> TakeFirst(const std::vector<size_t>& candidates, const std::vector<ManifestFile>& manifests,
                           const Limits& limits) {
  std::set<size_t> chosen;
  int64_t bytes = 0;
  for (const size_t i : candidates) {
    bytes += manifests[i].length;
    if (bytes > limits.merge_bytes) break;
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

// Partitions in their order, from the first to the last that a manifest may hold.
struct Span {
  Partition first, last;
  size_t manifest;
};

// Nothing when the list does not tell.
std::optional<Span> SpanOf(const ManifestFile& manifest, const PartitionSpec& spec, size_t index) {
  if (!manifest.partitions || manifest.partitions->size() != spec.fields.size()) return std::nullopt;
  Span span{{}, {}, index};
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const auto& [contains_null, contains_nan, lower, upper] = (*manifest.partitions)[i];
    if (!contains_null && (!lower || !upper)) return std::nullopt;
    if (spec.fields[i].role == Role::kCell) {
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

std::vector<Span> SpansOf(const std::vector<ManifestFile>& manifests, const PartitionSpec& spec,
                          const Limits& limits) {
  std::vector<Span> spans;
  for (size_t i = 0; i < manifests.size(); ++i) {
    if (!limits.CanMerge(manifests[i])) continue;
    const auto span = SpanOf(manifests[i], spec, i);
    // A full manifest of one partition cannot become narrower.
    if (span && (limits.IsSmall(manifests[i]) || span->first != span->last)) spans.push_back(*span);
  }
  return spans;
}

// The most that meet in one partition. `spans` begin one after the other.
std::vector<Span> DeepestOf(const std::vector<Span>& spans) {
  std::vector<Span> open, deepest;
  for (const Span& span : spans) {
    std::erase_if(open, [&span](const Span& before) { return before.last < span.first; });
    open.push_back(span);
    if (open.size() > deepest.size()) deepest = open;
  }
  return deepest;
}

// Manifests that may all hold the same partition, so that who looks for it reads each: the widest of them,
// when these are too many, for they are in the way of most searches.
std::set<size_t> ChooseDeepest(const std::vector<ManifestFile>& manifests, const PartitionSpec& spec,
                               const Limits& limits) {
  std::vector<Span> spans = SpansOf(manifests, spec, limits);
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.first < b.first; });
  const std::vector<Span> deepest = DeepestOf(spans);
  if (deepest.size() <= kMaxDepth) return {};
  std::vector<std::pair<size_t, size_t>> by_width;  // how many others it overlaps
  for (const Span& one : deepest) {
    const auto overlaps = [&one](const Span& other) {
      return !(other.last < one.first) && !(one.last < other.first);
    };
    by_width.emplace_back(std::count_if(spans.begin(), spans.end(), overlaps), one.manifest);
  }
  std::sort(by_width.rbegin(), by_width.rend());
  std::vector<size_t> candidates;
  for (const auto& [width, manifest] : by_width) candidates.push_back(manifest);
  return TakeFirst(candidates, manifests, limits);
}

using Entries = std::vector<ManifestEntry>;

// The live entries as an older commit's; nothing when one does not say which commit brought it, as some
// writers leave it. In another manifest nobody could tell any more.
Result<std::optional<Entries>> EntriesToMove(const ManifestFile& manifest, const PartitionSpec& spec,
                                             const io::S3Settings& s3) {
  Entries entries;
  if (!manifest.has_live_files()) return entries;
  entries.reserve(static_cast<size_t>(
      std::clamp<int64_t>(manifest.added_files + manifest.existing_files, 0, manifest.length / 16)));
  ARROW_ASSIGN_OR_RAISE(std::string bytes, ReadTableFile(manifest.path, s3));
  bool all_know_their_commit = true;
  const auto collect = [&](ManifestEntry& entry) {
    all_know_their_commit &= entry.sequence_number.has_value();
    entries.push_back(std::move(entry));
    entries.back().state = ManifestEntry::State::kExisting;
    return Status::OK();
  };
  const Status read =
      DecodeManifest(std::move(bytes), manifest, spec, {.pruner = nullptr, .to_copy = true}, collect);
  ARROW_RETURN_NOT_OK(WithContext(read, manifest.path));
  if (!all_know_their_commit) return std::nullopt;
  return entries;
}

// Takes the entries of the manifests, and those out of `chosen` that must stay as they are.
Result<std::vector<Entries>> TakeEntries(const std::vector<ManifestFile>& manifests,
                                         const PartitionSpec& spec, const io::S3Settings& s3,
                                         std::set<size_t>* chosen) {
  std::vector<ManifestFile> to_read;
  for (const size_t i : *chosen) to_read.push_back(manifests[i]);
  ReadAhead<std::optional<Entries>> reads(
      to_read, [&](const ManifestFile& manifest) { return EntriesToMove(manifest, spec, s3); });
  std::vector<Entries> all;
  for (auto i = chosen->begin(); i != chosen->end();) {
    ARROW_ASSIGN_OR_RAISE(auto entries, reads.Next());
    i = entries ? std::next(i) : chosen->erase(i);
    if (entries) all.push_back(*std::move(entries));
  }
  return all;
}

// Writes the entries in the order of their partitions, to manifests of about `piece_bytes` that share none.
class PieceWriter {
 public:
  PieceWriter(const TableMetadata& metadata, const PartitionSpec& spec, int64_t snapshot_id,
              std::string first_name, NewFiles* files)
      : metadata_(metadata),
        spec_(spec),
        snapshot_id_(snapshot_id),
        next_name_(std::move(first_name)),
        files_(*files) {}

  Result<std::vector<ManifestFile>> Write(const std::vector<Entries>& manifests, int64_t piece_bytes) {
    std::vector<const ManifestEntry*> sorted;
    for (const Entries& entries : manifests) {
      for (const ManifestEntry& entry : entries) sorted.push_back(&entry);
    }
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto* a, const auto* b) { return a->file.partition < b->file.partition; });
    const ManifestEntry* before = nullptr;
    for (const ManifestEntry* entry : sorted) {
      const bool is_new = before != nullptr && before->file.partition != entry->file.partition;
      if (is_new && static_cast<int64_t>(writer_->bytes_written()) >= piece_bytes) {
        ARROW_RETURN_NOT_OK(Finish());
      }
      if (!writer_) writer_.emplace(metadata_.schema_json(), spec_, snapshot_id_);
      ARROW_RETURN_NOT_OK(writer_->Add(*entry));
      before = entry;
    }
    if (writer_) ARROW_RETURN_NOT_OK(Finish());
    return std::move(pieces_);
  }

 private:
  Status Finish() {
    ARROW_ASSIGN_OR_RAISE(auto finished, writer_->Finish());
    ARROW_ASSIGN_OR_RAISE(finished.row.path, files_.Write(next_name_, finished.bytes));
    pieces_.push_back(std::move(finished.row));
    writer_.reset();
    next_name_ = NewManifestName(NewUuid(), 0);
    return Status::OK();
  }

  const TableMetadata& metadata_;
  const PartitionSpec& spec_;
  const int64_t snapshot_id_;
  std::string next_name_;
  NewFiles& files_;
  std::optional<ManifestWriter> writer_;
  std::vector<ManifestFile> pieces_;
};

}  // namespace

Status MergeOldManifests(const TableMetadata& metadata, const PartitionSpec& spec, int64_t snapshot_id,
                         const std::string& name, NewFiles* files, std::vector<ManifestFile>* manifests) {
  if (!IsMergeOn(metadata)) return Status::OK();
  const Limits limits(metadata, spec.id, snapshot_id);
  std::set<size_t> chosen = ChooseOldest(*manifests, limits);
  if (chosen.size() < 2) chosen = ChooseDeepest(*manifests, spec, limits);
  if (chosen.size() < 2) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto entries, TakeEntries(*manifests, spec, files->s3(), &chosen));
  if (chosen.size() < 2) return Status::OK();
  int64_t bytes = 0;
  for (const size_t i : chosen) bytes += (*manifests)[i].length;
  const int64_t pieces = (bytes + limits.piece_bytes - 1) / limits.piece_bytes;
  PieceWriter writer(metadata, spec, snapshot_id, name, files);
  ARROW_ASSIGN_OR_RAISE(auto merged, writer.Write(entries, bytes / pieces));
  std::vector<ManifestFile> kept;
  for (size_t i = 0; i < manifests->size(); ++i) {
    if (!chosen.contains(i)) kept.push_back(std::move((*manifests)[i]));
  }
  std::move(merged.begin(), merged.end(), std::back_inserter(kept));
  *manifests = std::move(kept);
  return Status::OK();
}

}  // namespace earthcatalog::iceberg
