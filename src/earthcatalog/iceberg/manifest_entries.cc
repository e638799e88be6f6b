#include "earthcatalog/iceberg/manifest_entries.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/read_ahead.h"

namespace earthcatalog::iceberg {
namespace {

// The live entries as an older commit's; nothing when one does not say which commit brought it, as some
// writers leave it. In another manifest nobody could tell any more.
Result<std::optional<ManifestEntries>> EntriesToMove(const ManifestFile& manifest, const PartitionSpec& spec,
                                                     const io::S3Settings& s3,
                                                     const std::function<bool(const Partition&)>& wanted) {
  ManifestEntries entries;
  if (!manifest.has_live_files()) return entries;
  bool all_know_their_commit = true;
  const auto collect = [&](ManifestEntry& entry) {
    all_know_their_commit &= entry.sequence_number.has_value();
    if (wanted && !wanted(entry.file.partition)) return Status::OK();
    entries.push_back(std::move(entry));
    entries.back().state = ManifestEntry::State::kExisting;
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(ReadManifest(manifest, spec, s3, {.to_copy = true}, collect));
  if (!all_know_their_commit) return std::nullopt;
  return entries;
}

}  // namespace

Result<std::vector<ManifestEntries>> TakeEntries(const std::vector<ManifestFile>& manifests,
                                                 const PartitionSpec& spec, const io::S3Settings& s3,
                                                 const std::function<bool(const Partition&)>& wanted,
                                                 std::set<size_t>* chosen) {
  std::vector<ManifestFile> to_read;
  for (const size_t i : *chosen) to_read.push_back(manifests[i]);
  ReadAhead<std::optional<ManifestEntries>> reads(
      to_read, [&](const ManifestFile& manifest) { return EntriesToMove(manifest, spec, s3, wanted); });
  std::vector<ManifestEntries> all;
  for (auto i = chosen->begin(); i != chosen->end();) {
    ARROW_ASSIGN_OR_RAISE(auto entries, reads.Next());
    i = entries ? std::next(i) : chosen->erase(i);
    if (entries) all.push_back(*std::move(entries));
  }
  return all;
}

Result<std::vector<ManifestFile>> PieceWriter::Write(const std::vector<ManifestEntries>& manifests,
                                                     int64_t piece_bytes) {
  std::vector<const ManifestEntry*> sorted;
  for (const ManifestEntries& entries : manifests) {
    for (const ManifestEntry& entry : entries) sorted.push_back(&entry);
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->file.partition < b->file.partition; });
  const ManifestEntry* before = nullptr;
  for (const ManifestEntry* entry : sorted) {
    const auto& cell = entry->file.partition.grid_partition;
    const bool is_new = before != nullptr && before->file.partition.grid_partition != cell;
    if (is_new && static_cast<int64_t>(writer_->bytes_written()) >= piece_bytes) {
      ARROW_RETURN_NOT_OK(Finish());
    }
    if (!writer_) writer_.emplace(metadata_.schema_json(), spec_, snapshot_id_);
    ARROW_RETURN_NOT_OK(writer_->Add(*entry));
    before = entry;
  }
  if (writer_) ARROW_RETURN_NOT_OK(Finish());
  return std::exchange(pieces_, {});
}

Status PieceWriter::Finish() {
  ARROW_ASSIGN_OR_RAISE(auto finished, writer_->Finish());
  ARROW_ASSIGN_OR_RAISE(finished.row.path, files_.Write(next_name_, finished.bytes));
  pieces_.push_back(std::move(finished.row));
  writer_.reset();
  next_name_ = NewManifestName(NewUuid(), 0);
  return Status::OK();
}

}  // namespace earthcatalog::iceberg
