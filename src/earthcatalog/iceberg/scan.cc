// Listing the data files of a snapshot.
#include <algorithm>
#include <utility>

#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/pruner.h"
#include "earthcatalog/iceberg/read_ahead.h"
#include "earthcatalog/iceberg/table_impl.h"

namespace earthcatalog::iceberg {
namespace {

using ManifestList = std::vector<ManifestFile>;

// As `cache`, which may be null, has it.
Result<ManifestList> ManifestsOf(const Snapshot& snapshot, const io::S3Settings& s3, ManifestCache* cache,
                                 int64_t* bytes_read) {
  const std::string& list = snapshot.manifest_list;
  if (cache == nullptr) return ReadManifestList(list, s3, bytes_read);
  if (const auto kept = cache->FindList(list)) return *kept;
  ARROW_ASSIGN_OR_RAISE(auto manifests, ReadManifestList(list, s3, bytes_read));
  cache->AddList(list, std::make_shared<ManifestList>(manifests));
  return manifests;
}

int64_t LiveFiles(const ManifestFile& manifest) {
  return manifest.content == ManifestFile::kData ? manifest.added_files + manifest.existing_files : 0;
}

using Specs = std::map<int, PartitionSpec>;

Result<Specs> SpecsOf(const ManifestList& manifests, const TableMetadata& metadata) {
  Specs specs;
  for (const ManifestFile& manifest : manifests) {
    if (specs.contains(manifest.spec_id)) continue;
    ARROW_ASSIGN_OR_RAISE(specs[manifest.spec_id], metadata.FindSpec(manifest.spec_id));
  }
  return specs;
}

auto BytesOf(const io::S3Settings& s3) {
  return [&s3](const ManifestFile& manifest) { return ReadTableFile(manifest.path, s3); };
}

// A manifest as a scan without metrics takes it.
struct Planned {
  std::shared_ptr<const DecodedManifest> files;
  bool cached = false;  // so the files are all of the manifest's
};

// Decodes manifests, or finds them decoded. Any number of threads.
class Planner {
 public:
  Planner(const Pruner* pruner, const arrow::Schema& schema, const Specs* specs, const io::S3Settings* s3,
          ManifestCache* cache)
      : pruner_(*pruner), ids_(schema), specs_(*specs), s3_(*s3), cache_(cache) {}

  Result<Planned> operator()(const ManifestFile& manifest) const {
    if (cache_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(auto files, Decode(manifest, &pruner_));
      return Planned{std::move(files)};
    }
    if (auto kept = cache_->Find(manifest.path)) return Planned{std::move(kept), /*cached=*/true};
    ARROW_ASSIGN_OR_RAISE(auto files, Decode(manifest, nullptr));
    cache_->Add(manifest.path, files);
    return Planned{std::move(files)};
  }

  // Again where nothing was passed by when it was decoded.
  bool Keeps(const PlannedFile& planned, const ManifestFile& manifest) const {
    return cache_ == nullptr ||
           pruner_.MayHold(planned.ranges, planned.file.partition, specs_.at(manifest.spec_id));
  }

 private:
  Result<std::shared_ptr<const DecodedManifest>> Decode(const ManifestFile& manifest,
                                                        const Pruner* pruner) const {
    auto files = std::make_shared<DecodedManifest>();
    const bool with_ranges = pruner == nullptr || pruner->needs_ranges();
    const EntryFilter filter{
        .pruner = pruner, .ranges = with_ranges ? &ids_ : nullptr, .with_metrics = false};
    ARROW_ASSIGN_OR_RAISE(std::string bytes, ReadTableFile(manifest.path, s3_));
    if (pruner == nullptr) files->reserve(ExpectedFiles(manifest, bytes.size()));
    const auto add = [&](ManifestEntry& entry) {
      files->push_back({std::move(entry.file), std::move(entry.ranges)});
      return Status::OK();
    };
    const Status decoded =
        DecodeManifest(std::move(bytes), manifest, specs_.at(manifest.spec_id), filter, add);
    if (!decoded.ok()) return WithContext(decoded, manifest.path);
    return files;
  }

  // The list only claims them.
  static size_t ExpectedFiles(const ManifestFile& manifest, size_t bytes) {
    return std::min(static_cast<size_t>(LiveFiles(manifest)), bytes / 16);
  }

  const Pruner& pruner_;
  const RangeColumnIds ids_;
  const Specs& specs_;
  const io::S3Settings& s3_;
  ManifestCache* const cache_;
};

// One way through the files of a snapshot.
class FileScan {
 public:
  FileScan(const TableMetadata& metadata, const io::S3Settings& s3, ManifestCache* cache,
           const Expression& where)
      : metadata_(metadata), s3_(s3), cache_(cache), pruner_(where) {}

  // Finds the manifests that may hold a match. To be called first.
  Status ChooseManifests(const Snapshot& snapshot) {
    ARROW_ASSIGN_OR_RAISE(manifests_, ManifestsOf(snapshot, s3_, cache_, &counts_.bytes_read));
    counts_.manifests = static_cast<int64_t>(manifests_.size());
    for (const ManifestFile& manifest : manifests_) counts_.total_files += LiveFiles(manifest);
    ARROW_RETURN_NOT_OK(CheckHasNoDeletes(manifests_));
    ARROW_ASSIGN_OR_RAISE(specs_, SpecsOf(manifests_, metadata_));
    std::erase_if(manifests_, [this](const ManifestFile& manifest) {
      return !manifest.has_live_files() || !pruner_.MayHold(manifest, specs_.at(manifest.spec_id));
    });
    return Status::OK();
  }

  // The files one by one, as they are decoded: with their maps they take much memory.
  template <typename Visit>
  Status VisitWithMetrics(Visit&& visit) {
    const RangeColumnIds ids(*metadata_.schema());
    const EntryFilter filter{.pruner = &pruner_, .ranges = pruner_.needs_ranges() ? &ids : nullptr};
    ReadAhead<std::string> reads(manifests_, BytesOf(s3_));
    for (const ManifestFile& manifest : manifests_) {
      ARROW_ASSIGN_OR_RAISE(std::string bytes, reads.Next());
      Note(manifest, /*cached=*/false);
      const auto give = [&](const ManifestEntry& entry) {
        ++counts_.files;
        return visit(entry.file);
      };
      const Status decoded =
          DecodeManifest(std::move(bytes), manifest, specs_.at(manifest.spec_id), filter, give);
      ARROW_RETURN_NOT_OK(WithContext(decoded, manifest.path));
    }
    return Status::OK();
  }

  template <typename Visit>
  Status VisitWithoutMetrics(Visit&& visit) {
    const Planner planner(&pruner_, *metadata_.schema(), &specs_, &s3_, cache_);
    ReadAhead<Planned> reads(manifests_, std::cref(planner));
    for (const ManifestFile& manifest : manifests_) {
      ARROW_ASSIGN_OR_RAISE(const Planned planned, reads.Next());
      Note(manifest, planned.cached);
      for (const PlannedFile& file : *planned.files) {
        if (!planner.Keeps(file, manifest)) continue;
        ++counts_.files;
        ARROW_RETURN_NOT_OK(visit(file.file));
      }
    }
    return Status::OK();
  }

  Result<std::map<Partition, PartitionTotals>> Totals();

  const ScanCounts& counts() const { return counts_; }

 private:
  void Note(const ManifestFile& manifest, bool cached) {
    counts_.entries += LiveFiles(manifest);
    if (!cached) counts_.bytes_read += manifest.length;
    ++(cached ? counts_.manifests_cached : counts_.manifests_read);
  }

  const TableMetadata& metadata_;
  const io::S3Settings& s3_;
  ManifestCache* const cache_;
  const Pruner pruner_;
  ManifestList manifests_;
  Specs specs_;
  ScanCounts counts_;
};

void Add(const DataFile& file, PartitionTotals* totals) {
  totals->rows += file.record_count;
  totals->files += 1;
  totals->bytes += file.file_size;
  totals->file_sizes.push_back(file.file_size);
}

void Add(const PartitionTotals& more, PartitionTotals* totals) {
  totals->rows += more.rows;
  totals->files += more.files;
  totals->bytes += more.bytes;
  totals->file_sizes.insert(totals->file_sizes.end(), more.file_sizes.begin(), more.file_sizes.end());
}

// Summed up where the manifests are decoded.
Result<std::map<Partition, PartitionTotals>> FileScan::Totals() {
  using Totals = std::map<Partition, PartitionTotals>;
  const auto sum = [this](const ManifestFile& manifest) -> Result<Totals> {
    Totals totals;
    const auto add = [&totals](const ManifestEntry& entry) {
      Add(entry.file, &totals[entry.file.partition]);
      return Status::OK();
    };
    ARROW_RETURN_NOT_OK(
        ReadManifest(manifest, specs_.at(manifest.spec_id), s3_, {.with_metrics = false}, add));
    return totals;
  };
  Totals totals;
  ReadAhead<Totals> reads(manifests_, sum);
  for (size_t i = 0; i < manifests_.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const Totals of_manifest, reads.Next());
    for (const auto& [partition, more] : of_manifest) Add(more, &totals[partition]);
  }
  return totals;
}

}  // namespace

void Table::UseCache(std::shared_ptr<ManifestCache> cache) { impl_->set_cache(std::move(cache)); }

Status Table::ScanFiles(std::optional<int64_t> snapshot_id, const Expression& where,
                        const std::function<Status(const DataFile&)>& visit, bool with_metrics,
                        ScanCounts* counts) const {
  if (counts != nullptr) *counts = {};
  std::optional<Snapshot> snapshot = impl_->metadata().current_snapshot();
  if (snapshot_id) {
    ARROW_ASSIGN_OR_RAISE(snapshot, impl_->metadata().FindSnapshot(*snapshot_id));
  }
  if (!snapshot) return Status::OK();
  FileScan scan(impl_->metadata(), impl_->s3(), impl_->cache(), where);
  ARROW_RETURN_NOT_OK(scan.ChooseManifests(*snapshot));
  const Status visited = with_metrics ? scan.VisitWithMetrics(visit) : scan.VisitWithoutMetrics(visit);
  if (counts != nullptr) *counts = scan.counts();
  return visited;
}

Result<std::map<Partition, PartitionTotals>> Table::TotalsByPartition() const {
  const auto snapshot = impl_->metadata().current_snapshot();
  if (!snapshot) return std::map<Partition, PartitionTotals>();
  FileScan scan(impl_->metadata(), impl_->s3(), impl_->cache(), {});
  ARROW_RETURN_NOT_OK(scan.ChooseManifests(*snapshot));
  return scan.Totals();
}

}  // namespace earthcatalog::iceberg
