// The operations that change which files a table has, or which manifests name them.
#include "earthcatalog/iceberg/table_impl.h"
#include "earthcatalog/iceberg/update/snapshot_update.h"

namespace earthcatalog::iceberg {

using Kind = SnapshotChange::Kind;

Status Table::Impl::CommitSnapshot(const SnapshotChange& change) {
  ARROW_ASSIGN_OR_RAISE(auto files, NewFiles::In(metadata_.metadata_folder(), s3_));
  SnapshotUpdate update(change, metadata_, &files);
  ARROW_RETURN_NOT_OK(update.WriteManifests(metadata_));
  const auto attempt = [&](const TableMetadata& base, int number) -> Result<std::optional<TableMetadata>> {
    if (change.request.guard) ARROW_RETURN_NOT_OK(change.request.guard());
    return update.Attempt(base, number);
  };
  return Commit(attempt, &files, change.request.sync);
}

Status Table::Append(const CommitRequest& request) {
  return impl_->CommitSnapshot({.kind = Kind::kAppend, .request = request, .removal = {}});
}

Status Table::Overwrite(const CommitRequest& request, const Removal& removal) {
  return impl_->CommitSnapshot({.kind = Kind::kOverwrite, .request = request, .removal = removal});
}

Status Table::Replace(const CommitRequest& request, const std::vector<DataFile>& replaced,
                      std::optional<int64_t> data_sequence_number) {
  const Removal removal{.files = replaced};
  return impl_->CommitSnapshot({.kind = Kind::kReplace,
                                .request = request,
                                .removal = removal,
                                .data_sequence_number = data_sequence_number});
}

Status Table::ReplaceColumns(const CommitRequest& request, const std::vector<DataFile>& replaced) {
  const Removal removal{.files = replaced};
  return impl_->CommitSnapshot({.kind = Kind::kReplaceColumns, .request = request, .removal = removal});
}

Status Table::Delete(const CommitRequest& request, const Removal& removal) {
  if (!request.files.empty()) return UsageError("a commit that deletes files adds none");
  return impl_->CommitSnapshot({.kind = Kind::kDelete, .request = request, .removal = removal});
}

Status Table::RewriteManifests(const CommitRequest& request) {
  if (!request.files.empty()) return UsageError("a commit that rewrites manifests adds no files");
  return impl_->CommitSnapshot({.kind = Kind::kRewriteManifests, .request = request, .removal = {}});
}

}  // namespace earthcatalog::iceberg
