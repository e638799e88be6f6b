// The one way a table changes: new files first, then one compare-and-swap of the catalog's pointer.
#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/table_impl.h"

namespace earthcatalog::iceberg {
namespace {

constexpr int kMaxAttempts = 20;

// Longer and longer, up to a second, and never the same for two writers.
void WaitBeforeAttempt(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int limit_ms = std::min(1000, 10 << std::min(attempt, 10));
  std::uniform_int_distribution<int> wait_ms(limit_ms / 2, limit_ms);
  std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms(random)));
}

void DeleteOldVersions(const TableMetadata& metadata, const std::vector<std::string>& versions) {
  const auto wanted = metadata.properties().find("write.metadata.delete-after-commit.enabled");
  if (wanted == metadata.properties().end() || wanted->second != "true") return;
  for (const std::string& version : versions) {
    const auto location = io::Resolve(version);
    if (location.ok()) static_cast<void>(location->fs->DeleteFile(location->path));
  }
}

}  // namespace

Status Table::Impl::Commit(const Change& change, NewFiles* files, bool sync) {
  const size_t shared_files = files->count();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    if (attempt > 0) {
      files->DeleteAfter(shared_files);
      WaitBeforeAttempt(attempt);
      ARROW_RETURN_NOT_OK(Refresh());
    }
    ARROW_ASSIGN_OR_RAISE(auto next, change(metadata_, attempt));
    if (!next) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const bool committed, TryCommit(*std::move(next), files, sync));
    if (committed) return Status::OK();
  }
  return MakeError(
      ErrorKind::kCommitConflict,
      fmt::format("other writers changed the table during each of {} attempts to commit; the table is "
                  "as they left it, try again",
                  kMaxAttempts));
}

Result<bool> Table::Impl::TryCommit(TableMetadata next, NewFiles* files, bool sync) {
  const auto dropped = next.StartVersion(metadata_location_, NowMicros() / 1000);
  ARROW_ASSIGN_OR_RAISE(std::string location,
                        files->Write(NewMetadataName(metadata_location_), next.ToText()));
  if (sync) ARROW_RETURN_NOT_OK(files->Sync());
  if (const Status swapped = store_->Swap(metadata_location_, location); !swapped.ok()) {
    if (KindOf(swapped) == ErrorKind::kCommitConflict) return false;
    // The swap may have happened all the same, and then the table lives by the new files.
    const auto current = store_->CurrentMetadata();
    if (!current.ok()) files->Keep();
    if (!current.ok() || *current != location) return swapped;
  }
  files->Keep();
  metadata_ = std::move(next);
  metadata_location_ = std::move(location);
  DeleteOldVersions(metadata_, dropped);
  return true;
}

}  // namespace earthcatalog::iceberg
