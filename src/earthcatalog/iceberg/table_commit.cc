// The one way a table changes: new files first, then one compare-and-swap of the catalog's pointer.
#include <algorithm>
#include <chrono>

#include "earthcatalog/base/backoff.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/table_impl.h"

namespace earthcatalog::iceberg {
namespace {

constexpr int kMaxAttempts = 20;
constexpr std::chrono::milliseconds kFirstWait(20);
constexpr std::chrono::milliseconds kLongestWait(1000);

}  // namespace

void Table::Impl::DeleteOldVersions(const std::vector<std::string>& versions) const {
  const auto wanted = metadata_.properties().find("write.metadata.delete-after-commit.enabled");
  if (wanted == metadata_.properties().end() || wanted->second != "true") return;
  const auto folder = io::Resolve(metadata_.metadata_folder(), s3_);
  if (!folder.ok()) return;
  for (const std::string& version : versions) {
    // The log is what others wrote: it must not make us delete anything else.
    const size_t name_start = version.rfind('/') + 1;
    const std::string name = version.substr(name_start);
    const bool is_version = name.ends_with(".metadata.json") && name.find('\0') == std::string::npos;
    const auto place = io::Resolve(version.substr(0, std::max<size_t>(name_start, 1) - 1), s3_);
    if (!is_version || !place.ok() || place->uri != folder->uri) continue;
    static_cast<void>(io::DeleteFile(folder->Join(name)));
  }
}

Status Table::Impl::Commit(const Change& change, NewFiles* files, bool sync) {
  const size_t shared_files = files->count();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    if (attempt > 0) {
      files->DeleteAfter(shared_files);
      WaitBeforeAttempt(kFirstWait, kLongestWait, attempt);
      ARROW_RETURN_NOT_OK(Refresh());
    }
    auto next = change(metadata_, attempt);
    if (!next.ok() && IsOutdated(next.status())) continue;
    ARROW_RETURN_NOT_OK(next.status());
    if (!*next) {
      // At first that is said of the table as we know it; others may have changed it since.
      if (attempt > 0) return Status::OK();
      ARROW_ASSIGN_OR_RAISE(const auto current, CurrentLocation(store_.get()));
      if (current == metadata_location_) return Status::OK();
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const bool committed, TryCommit(**std::move(next), files, sync));
    if (committed) return Status::OK();
  }
  return MakeError(
      ErrorKind::kCommitConflict,
      fmt::format("other writers changed the table during each of {} attempts to commit; the table is "
                  "as they left it, try again",
                  kMaxAttempts));
}

// Others may have ended the history that the table as we know it stands on, and have deleted its files.
bool Table::Impl::IsOutdated(const Status& error) const {
  if (KindOf(error) != ErrorKind::kCorrupt) return false;
  const auto current = CurrentLocation(store_.get());
  return current.ok() && *current != metadata_location_;
}

Result<bool> Table::Impl::TryCommit(TableMetadata next, NewFiles* files, bool sync) {
  const auto dropped = next.StartVersion(metadata_location_, NowMicros() / 1000);
  ARROW_ASSIGN_OR_RAISE(std::string location,
                        files->Write(NewMetadataName(metadata_location_), next.ToText()));
  if (sync) ARROW_RETURN_NOT_OK(files->Sync());
  if (const Status swapped = store_->Swap(metadata_location_, location); !swapped.ok()) {
    // The swap may have happened all the same, and then the table lives by the new files. Also a conflict may
    // be with this very commit, when its request was repeated on the way.
    const Result<Outcome> outcome = FindOutcome(next, location);
    const bool conflict = KindOf(swapped) == ErrorKind::kCommitConflict;
    if (!outcome.ok() || (*outcome == Outcome::kHistoryTooShort && !conflict)) {
      files->Keep();
      return MakeError(
          ErrorKind::kCommitUnknown,
          fmt::format("it is not known whether the commit is in the table, so its files stay "
                      "where they are: {}; then the catalog could not tell: {}",
                      swapped.message(),
                      outcome.ok() ? "its history does not go back far enough" : outcome.status().message()));
    }
    if (*outcome != Outcome::kCommitted) {
      if (conflict) return false;
      if (KindOf(swapped) == ErrorKind::kCommitUnknown) files->Keep();  // not yet, perhaps
      return swapped;
    }
  }
  files->Keep();
  metadata_ = std::move(next);
  metadata_location_ = std::move(location);
  DeleteOldVersions(dropped);
  return true;
}

Result<Table::Impl::Outcome> Table::Impl::FindOutcome(const TableMetadata& next,
                                                      const std::string& location) {
  ARROW_ASSIGN_OR_RAISE(const auto current, CurrentLocation(store_.get()));
  if (current == location) return Outcome::kCommitted;
  if (current == metadata_location_) return Outcome::kNotCommitted;
  // Somebody has committed since: on top of ours, or instead of it.
  ARROW_ASSIGN_OR_RAISE(const TableMetadata theirs, ReadMetadata(current, s3_));
  if (theirs.HasLogged(location)) return Outcome::kCommitted;
  const auto snapshot = next.current_snapshot();
  const auto before = metadata_.current_snapshot();
  const bool added = snapshot && (!before || before->id != snapshot->id);
  if (added && theirs.FindSnapshot(snapshot->id).ok()) return Outcome::kCommitted;
  // The log is bounded: only when it goes back to what ours was built on does it say that ours is not there.
  return theirs.HasLogged(metadata_location_) ? Outcome::kNotCommitted : Outcome::kHistoryTooShort;
}

}  // namespace earthcatalog::iceberg
