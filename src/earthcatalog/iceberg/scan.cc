// Listing the data files of a snapshot.
#include <algorithm>
#include <deque>
#include <future>
#include <set>

#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/single_value.h"
#include "earthcatalog/iceberg/table_impl.h"

namespace earthcatalog::iceberg {
namespace {

using Role = PartitionField::Role;

constexpr size_t kReadsInFlight = 8;
constexpr int32_t kFewYears = 300;

// Every value that a summary allows for, or nothing when these are many or unknown.
template <typename Value>
using FewValues = std::optional<std::vector<std::optional<Value>>>;

FewValues<std::string> CellsOf(const PartitionSummary& summary) {
  std::vector<std::optional<std::string>> cells;
  if (summary.contains_null) cells.emplace_back(std::nullopt);
  if (summary.lower != summary.upper) return std::nullopt;
  if (summary.lower) cells.emplace_back(summary.lower);
  if (cells.empty()) return std::nullopt;
  return cells;
}

FewValues<int32_t> YearsOf(const PartitionSummary& summary) {
  std::vector<std::optional<int32_t>> years;
  if (summary.contains_null) years.emplace_back(std::nullopt);
  const auto first = IntFromBytes(summary.lower.value_or(""));
  const auto last = IntFromBytes(summary.upper.value_or(""));
  if (first && last && *last >= *first && int64_t{*last} - *first < kFewYears) {
    for (int32_t year = *first; year <= *last; ++year) years.emplace_back(year);
  } else if (summary.lower || summary.upper) {
    return std::nullopt;
  }
  if (years.empty()) return std::nullopt;
  return years;
}

// Whether the manifest may hold a partition that `keep` accepts. `keep` can only be asked about single
// partitions, so a manifest is passed by when its summaries leave few of them.
bool MayHold(const ManifestFile& manifest, const PartitionSpec& spec, const KeepPartition& keep) {
  if (!keep || !manifest.partitions || manifest.partitions->size() != spec.fields.size()) return true;
  FewValues<std::string> cells{{std::nullopt}};  // what partitions read as when the spec has no such field
  FewValues<int32_t> years{{std::nullopt}};
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const PartitionSummary& summary = (*manifest.partitions)[i];
    if (spec.fields[i].role == Role::kCell) cells = CellsOf(summary);
    if (spec.fields[i].role == Role::kYear) years = YearsOf(summary);
  }
  if (!cells || !years) return true;
  return std::any_of(cells->begin(), cells->end(), [&](const auto& cell) {
    return std::any_of(years->begin(), years->end(), [&](const auto& year) { return keep({cell, year}); });
  });
}

// Of files to read as a whole.
Result<std::vector<ManifestFile>> ManifestsOf(const Snapshot& snapshot, const io::S3Settings& s3) {
  ARROW_ASSIGN_OR_RAISE(auto manifests, ReadManifestList(snapshot.manifest_list, s3));
  for (const ManifestFile& manifest : manifests) {
    if (manifest.content == ManifestFile::kDeletes && manifest.has_live_files()) {
      return FailedError(
          "the table has row-level deletes, written by another engine, which this program does not read: "
          "rewrite "
          "its data files with that engine");
    }
  }
  return manifests;
}

// The bytes of the manifests in their order, a few reads ahead: object stores answer slowly.
class ManifestReads {
 public:
  ManifestReads(const std::vector<ManifestFile>& manifests, const io::S3Settings& s3)
      : manifests_(manifests), s3_(s3) {}

  Result<std::string> Next() {
    while (started_ < manifests_.size() && reads_.size() < kReadsInFlight) {
      reads_.push_back(std::async(std::launch::async, ReadTableFile, manifests_[started_++].path, s3_));
    }
    auto bytes = reads_.front().get();
    reads_.pop_front();
    return bytes;
  }

 private:
  const std::vector<ManifestFile>& manifests_;
  const io::S3Settings& s3_;
  size_t started_ = 0;
  std::deque<std::future<Result<std::string>>> reads_;
};

}  // namespace

Status Table::ScanFiles(std::optional<int64_t> snapshot_id,
                        const std::function<bool(const Partition&)>& keep_partition,
                        const std::function<Status(const DataFile&)>& visit, bool with_metrics) const {
  const TableMetadata& metadata = impl_->metadata();
  std::optional<Snapshot> snapshot = metadata.current_snapshot();
  if (snapshot_id) {
    ARROW_ASSIGN_OR_RAISE(snapshot, metadata.FindSnapshot(*snapshot_id));
  }
  if (!snapshot) return Status::OK();

  ARROW_ASSIGN_OR_RAISE(std::vector<ManifestFile> manifests, ManifestsOf(*snapshot, impl_->s3()));
  std::map<int, PartitionSpec> specs;
  for (const ManifestFile& manifest : manifests) {
    if (!specs.contains(manifest.spec_id)) {
      ARROW_ASSIGN_OR_RAISE(specs[manifest.spec_id], metadata.FindSpec(manifest.spec_id));
    }
  }
  std::erase_if(manifests, [&](const ManifestFile& manifest) {
    return !manifest.has_live_files() || !MayHold(manifest, specs[manifest.spec_id], keep_partition);
  });
  ManifestReads reads(manifests, impl_->s3());
  const EntryFilter filter{keep_partition, with_metrics};
  for (const ManifestFile& manifest : manifests) {
    ARROW_ASSIGN_OR_RAISE(std::string bytes, reads.Next());
    ARROW_RETURN_NOT_OK(
        WithContext(DecodeManifest(std::move(bytes), manifest, specs[manifest.spec_id], filter,
                                   [&](const ManifestEntry& entry) { return visit(entry.file); }),
                    manifest.path));
  }
  return Status::OK();
}

Status Table::VisitNamedFiles(const std::function<void(std::string_view path)>& visit) const {
  const TableMetadata& metadata = impl_->metadata();
  visit(impl_->metadata_location());
  for (const std::string& text : metadata.AllTexts()) visit(text);
  const std::vector<Snapshot> snapshots = metadata.snapshots();
  if (snapshots.size() != metadata.snapshot_count()) {
    return CorruptError("{} has a snapshot that cannot be read", impl_->metadata_location());
  }
  std::set<std::string> seen;  // most manifests are in many snapshots
  for (const Snapshot& snapshot : snapshots) {
    ARROW_ASSIGN_OR_RAISE(std::vector<ManifestFile> manifests,
                          ReadManifestList(snapshot.manifest_list, impl_->s3()));
    std::erase_if(manifests,
                  [&](const ManifestFile& manifest) { return !seen.insert(manifest.path).second; });
    ManifestReads reads(manifests, impl_->s3());
    for (const ManifestFile& manifest : manifests) {
      visit(manifest.path);
      ARROW_ASSIGN_OR_RAISE(const PartitionSpec spec, metadata.FindSpec(manifest.spec_id));
      ARROW_ASSIGN_OR_RAISE(std::string bytes, reads.Next());
      const EntryFilter all{nullptr, /*with_metrics=*/false, /*deleted=*/true};
      ARROW_RETURN_NOT_OK(WithContext(DecodeManifest(std::move(bytes), manifest, spec, all,
                                                     [&](const ManifestEntry& entry) {
                                                       visit(entry.file.path);
                                                       return Status::OK();
                                                     }),
                                      manifest.path));
    }
  }
  return Status::OK();
}

}  // namespace earthcatalog::iceberg
