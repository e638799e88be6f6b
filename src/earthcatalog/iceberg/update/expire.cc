// Ending the history of a table, and deleting what only it has reached.
#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/table_impl.h"
#include "earthcatalog/iceberg/update/expired_snapshots.h"
#include "earthcatalog/iceberg/update/snapshot_update.h"

namespace earthcatalog::iceberg {
namespace {

constexpr int kRequests = 16;  // under way at once: object stores answer slowly

// Sizes in bytes by paths in the metadata.
using Files = std::unordered_map<std::string, int64_t>;

using NamedFile = Files::value_type;

// The files of some snapshots.
struct Reached {
  Files metadata;                             // manifest lists, manifests, statistics
  std::unordered_set<const NamedFile*> data;  // with live entries; of Manifests
};

// What manifests name. Each is read once, however many attempts there are: the longer an attempt takes, the
// likelier others are faster.
class Manifests {
 public:
  explicit Manifests(io::S3Settings s3) : s3_(std::move(s3)) {}

  // Manifests in `known` and what they name are left out.
  Result<Reached> ReachedBy(const TableMetadata& metadata, const std::vector<Snapshot>& snapshots,
                            const Reached* known);

 private:
  Status Read(const TableMetadata& metadata, const ManifestFile& manifest);

  const io::S3Settings s3_;
  std::mutex mutex_;
  Files files_;  // of all of them; each stays where it is
  std::unordered_map<std::string, std::vector<const NamedFile*>> of_;
};

Result<Reached> Manifests::ReachedBy(const TableMetadata& metadata, const std::vector<Snapshot>& snapshots,
                                     const Reached* known) {
  Reached reached;
  std::vector<std::string> paths;
  std::vector<ManifestFile> unread;
  for (const Snapshot& snapshot : snapshots) {
    int64_t& bytes = reached.metadata[snapshot.manifest_list] = 0;
    ARROW_ASSIGN_OR_RAISE(const auto of_snapshot, ReadManifestList(snapshot.manifest_list, s3_, &bytes));
    for (const ManifestFile& manifest : of_snapshot) {
      if (known != nullptr && known->metadata.contains(manifest.path)) continue;
      if (!reached.metadata.emplace(manifest.path, manifest.length).second) continue;
      paths.push_back(manifest.path);
      if (!of_.contains(manifest.path)) unread.push_back(manifest);
    }
  }
  const CancelSource never;
  ARROW_RETURN_NOT_OK(
      ParallelFor(unread.size(), kRequests, never, [&](size_t i, int) { return Read(metadata, unread[i]); }));
  for (const std::string& path : paths) {
    const auto& files = of_.at(path);
    reached.data.insert(files.begin(), files.end());
  }
  return reached;
}

Status Manifests::Read(const TableMetadata& metadata, const ManifestFile& manifest) {
  ARROW_ASSIGN_OR_RAISE(const PartitionSpec spec, metadata.FindSpec(manifest.spec_id));
  std::vector<NamedFile> found;
  const auto collect = [&](const ManifestEntry& entry) {
    found.emplace_back(entry.file.path, entry.file.file_size);
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(ReadManifest(manifest, spec, s3_, {.with_metrics = false}, collect));
  std::lock_guard lock(mutex_);
  auto& files = of_[manifest.path];
  for (const NamedFile& file : found) files.push_back(&*files_.insert(file).first);
  return Status::OK();
}

bool IsBelow(const std::string& uri, const io::Location& folder) {
  return uri.size() > folder.uri.size() && uri.starts_with(folder.uri) && uri[folder.uri.size()] == '/' &&
         uri.find("/../") == std::string::npos;
}

class Expiry {
 public:
  Expiry(const Table::ExpireRequest& request, const io::S3Settings& s3)
      : request_(request), s3_(s3), manifests_(s3) {}

  Result<std::optional<TableMetadata>> Attempt(const TableMetadata& base, NewFiles* files, int attempt);
  // What the last attempt found that may be deleted, once it is in the table.
  Status Delete(Table::ExpireReport* report) const;

  const Expired& expired() const { return expired_; }
  std::vector<Snapshot> ExpiredSnapshots() const;  // oldest first

 private:
  Result<std::optional<TableMetadata>> Carry(const TableMetadata& base, NewFiles* files, int attempt) const;
  // What only the expired snapshots reach, and whose folders these are. `kept` is the table behind the
  // commit: all that can go wrong with reading it goes wrong before.
  Status FindUnreached(const TableMetadata& kept);

  const Table::ExpireRequest& request_;
  const io::S3Settings s3_;
  Manifests manifests_;
  // Of the last attempt:
  std::optional<TableMetadata> before_;
  Expired expired_;
  Files unreached_;
  std::vector<io::Location> own_;  // the folders that the table says are its own
};

Result<std::optional<TableMetadata>> Expiry::Attempt(const TableMetadata& base, NewFiles* files,
                                                     int attempt) {
  if (request_.delete_files) ARROW_RETURN_NOT_OK(base.CheckMayDelete());
  before_ = base;
  expired_ = FindExpired(base, NowMicros() / 1000, request_.older_than_ms, request_.keep_last);
  if (expired_.snapshots.empty() && expired_.refs.empty()) return std::nullopt;
  TableMetadata next = base;
  if (!request_.dry_run) {
    ARROW_ASSIGN_OR_RAISE(auto carried, Carry(base, files, attempt));
    if (carried) next = *std::move(carried);
  }
  next.RemoveSnapshots(expired_.snapshots, expired_.refs);
  if (request_.delete_files) ARROW_RETURN_NOT_OK(FindUnreached(next));
  return next;
}

// `base` with a snapshot that says what was known by those that go.
Result<std::optional<TableMetadata>> Expiry::Carry(const TableMetadata& base, NewFiles* files,
                                                   int attempt) const {
  const auto current = base.current_snapshot();
  if (!request_.carried || !current) return std::nullopt;
  const std::vector<Snapshot> history = base.HistoryOf(current->id);
  const bool any_goes = std::any_of(history.begin(), history.end(), [&](const Snapshot& snapshot) {
    return expired_.snapshots.contains(snapshot.id);
  });
  if (!any_goes) return std::nullopt;
  const Table::CommitRequest request{.files = {}, .schema = nullptr, .summary = request_.carried()};
  if (request.summary.empty()) return std::nullopt;
  const Table::Removal nothing;
  const SnapshotChange change{.request = request, .removal = nothing};
  SnapshotUpdate update(change, base, files);
  ARROW_RETURN_NOT_OK(update.WriteManifests(base));
  return update.Attempt(base, attempt);
}

std::vector<Snapshot> Expiry::ExpiredSnapshots() const {
  std::vector<Snapshot> snapshots = before_->snapshots();
  std::erase_if(snapshots,
                [&](const Snapshot& snapshot) { return !expired_.snapshots.contains(snapshot.id); });
  return snapshots;
}

Status Expiry::FindUnreached(const TableMetadata& kept) {
  unreached_.clear();
  own_.clear();
  if (kept.snapshots().size() != kept.snapshot_count()) {
    return CorruptError("the table has a snapshot that cannot be read, so nobody knows which files it needs");
  }
  ARROW_ASSIGN_OR_RAISE(Reached stay, manifests_.ReachedBy(kept, kept.snapshots(), nullptr));
  ARROW_ASSIGN_OR_RAISE(Reached go, manifests_.ReachedBy(*before_, ExpiredSnapshots(), &stay));
  for (const auto& file : kept.statistics()) stay.metadata.emplace(file.path, file.bytes);
  for (const auto& file : before_->statistics()) go.metadata.emplace(file.path, file.bytes);

  const auto data_path = kept.properties().find("write.data.path");
  for (const std::string& folder :
       {kept.location(), kept.metadata_folder(),
        data_path == kept.properties().end() ? kept.location() : data_path->second}) {
    ARROW_ASSIGN_OR_RAISE(own_.emplace_back(), io::Resolve(folder, s3_));
  }
  // The same place may have another name: with or without a scheme, for one.
  ARROW_ASSIGN_OR_RAISE(const io::Location folder, io::Resolve(kept.metadata_folder(), s3_));
  std::unordered_set<std::string> needed;
  const auto need = [&](const NamedFile& file) -> Status {
    ARROW_ASSIGN_OR_RAISE(const io::Location place, folder.Other(file.first));
    needed.insert(place.uri);
    return Status::OK();
  };
  const auto let_go = [&](const NamedFile& file) -> Status {
    ARROW_ASSIGN_OR_RAISE(const io::Location place, folder.Other(file.first));
    if (!needed.contains(place.uri)) unreached_.insert(file);
    return Status::OK();
  };
  for (const NamedFile& file : stay.metadata) ARROW_RETURN_NOT_OK(need(file));
  for (const NamedFile* file : stay.data) ARROW_RETURN_NOT_OK(need(*file));
  for (const NamedFile& file : go.metadata) ARROW_RETURN_NOT_OK(let_go(file));
  for (const NamedFile* file : go.data) ARROW_RETURN_NOT_OK(let_go(*file));
  return Status::OK();
}

Status Expiry::Delete(Table::ExpireReport* report) const {
  std::vector<std::string> paths;
  for (const auto& [path, bytes] : unreached_) {
    const bool stays = request_.needed_elsewhere && request_.needed_elsewhere(path);
    (stays ? report->needed : paths).push_back(path);
  }
  std::sort(report->needed.begin(), report->needed.end());
  std::sort(paths.begin(), paths.end());
  std::vector<char> deleted(paths.size(), 0);
  const CancelSource never;
  ARROW_RETURN_NOT_OK(ParallelFor(paths.size(), kRequests, never, [&](size_t i, int) {
    const auto place = own_.front().Other(paths[i]);
    const bool is_own = place.ok() && std::any_of(own_.begin(), own_.end(), [&](const io::Location& folder) {
                          return IsBelow(place->uri, folder);
                        });
    deleted[i] = is_own && (request_.dry_run || io::DeleteFile(*place).ok()) ? 1 : 0;
    return Status::OK();
  }));
  for (size_t i = 0; i < paths.size(); ++i) {
    if (deleted[i] != 0) report->bytes += unreached_.at(paths[i]);
    (deleted[i] != 0 ? report->files : report->left).push_back(std::move(paths[i]));
  }
  return Status::OK();
}

}  // namespace

Status Table::Expire(const ExpireRequest& request, ExpireReport* report) {
  const TableMetadata& metadata = impl_->metadata();
  if (request.keep_last && *request.keep_last < 1) {
    return UsageError("at least one snapshot must be kept, not {}", *request.keep_last);
  }
  ARROW_ASSIGN_OR_RAISE(auto files, NewFiles::In(metadata.metadata_folder(), impl_->s3()));
  Expiry expiry(request, impl_->s3());
  if (request.dry_run) {
    ARROW_RETURN_NOT_OK(impl_->Refresh());
    ARROW_RETURN_NOT_OK(expiry.Attempt(impl_->metadata(), &files, 0).status());
  } else {
    const auto attempt = [&](const TableMetadata& base, int number) -> Result<std::optional<TableMetadata>> {
      if (request.guard) ARROW_RETURN_NOT_OK(request.guard());
      return expiry.Attempt(base, &files, number);
    };
    ARROW_RETURN_NOT_OK(impl_->Commit(attempt, &files, request.sync));
  }
  if (expiry.expired().snapshots.empty() && expiry.expired().refs.empty()) return Status::OK();
  for (const Snapshot& snapshot : expiry.ExpiredSnapshots()) report->snapshots.push_back(snapshot.id);
  report->refs.assign(expiry.expired().refs.begin(), expiry.expired().refs.end());
  return request.delete_files ? expiry.Delete(report) : Status::OK();
}

}  // namespace earthcatalog::iceberg
