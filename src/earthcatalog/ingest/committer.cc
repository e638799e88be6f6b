#include "earthcatalog/ingest/committer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "earthcatalog/catalog/unique_mark.h"

namespace earthcatalog::ingest {
namespace {

constexpr size_t kMaxFailureExamples = 10;

void Add(const CommitCounts& from, CommitCounts* to) {
  to->rows_done += from.rows_done;
  to->catalogued += from.catalogued;
  to->quarantined += from.quarantined;
  for (const auto& [kind, count] : from.quarantined_by_kind) to->quarantined_by_kind[kind] += count;
  for (const FailureExample& example : from.first_failures) {
    if (to->first_failures.size() < kMaxFailureExamples) to->first_failures.push_back(example);
  }
  to->quarantine_files.insert(to->quarantine_files.end(), from.quarantine_files.begin(),
                              from.quarantine_files.end());
  to->rows_written += from.rows_written;
  to->files_written += from.files_written;
  to->bytes_written += from.bytes_written;
  to->commits += from.commits;
  to->columns_added += from.columns_added;
  to->columns_left_out = std::max(to->columns_left_out, from.columns_left_out);
  Add(from.overflowed, &to->overflowed);
  to->wide.Add(from.wide);
}

}  // namespace

Committer::Committer(const Options& options, catalog::Catalog* catalog, RowFeed* feed,
                     const CancelSource* cancel)
    : options_(options),
      catalog_(catalog),
      feed_(feed),
      known_retries_(FindQuarantineNotes(catalog->table())),
      own_metadata_(catalog->table().metadata_location()),
      pending_files_(catalog->warehouse()),
      pending_objects_(catalog->warehouse(), &catalog->table(), cancel) {
  if (options_.selection) known_progress_ = FindProgress(catalog->table(), *options_.selection);
}

Committer::~Committer() { RemoveStagedQuarantine(pending_quarantine_); }

Status Committer::Run(BoundedQueue<WrittenChunk>* chunks) {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(std::optional<WrittenChunk> chunk, chunks->Pop());
    if (!chunk) break;
    ARROW_RETURN_NOT_OK(Take(*std::move(chunk)));
    if (!options_.batch_add_files) ARROW_RETURN_NOT_OK(Commit());
  }
  ARROW_RETURN_NOT_OK(Commit());
  position_ = feed_->PositionAt(rows_taken_);
  RemoveRetriedQuarantine();  // also files without any row, where nothing was left to commit
  return Status::OK();
}

Status Committer::Take(WrittenChunk chunk) {
  pending_.rows_done += chunk.row_count;
  rows_taken_ += chunk.row_count;
  position_ = feed_->PositionAt(rows_taken_);
  pending_.catalogued += chunk.catalogued;
  pending_.columns_added += chunk.columns_added;
  pending_.columns_left_out = std::max(pending_.columns_left_out, chunk.columns_left_out);
  Add(chunk.overflowed, &pending_.overflowed);
  pending_.wide.Add(chunk.wide);
  schema_ = std::move(chunk.schema);
  for (const iceberg::DataFile& file : chunk.files.files()) {
    pending_.rows_written += static_cast<uint64_t>(file.record_count);
    pending_.bytes_written += static_cast<uint64_t>(file.file_size);
    ++pending_.files_written;
  }
  pending_files_.Add(chunk.files.Release());
  ARROW_RETURN_NOT_OK(pending_objects_.Add(chunk.objects));
  std::move(chunk.failures.begin(), chunk.failures.end(), std::back_inserter(pending_failures_));
  pending_failure_bytes_ += chunk.failure_bytes;
  return pending_failure_bytes_ >= options_.max_failure_bytes ? StageFailures() : Status::OK();
}

Status Committer::StageFailures() {
  if (pending_failures_.empty()) return Status::OK();
  ARROW_RETURN_NOT_OK(StageQuarantine(catalog_->warehouse(), pending_failures_, &pending_quarantine_));
  pending_.quarantined += pending_failures_.size();
  for (const QuarantinedRow& row : pending_failures_) {
    ++pending_.quarantined_by_kind[row.kind];
    if (pending_.first_failures.size() < kMaxFailureExamples) {
      pending_.first_failures.push_back({row.bucket, row.key, row.kind, row.message});
    }
  }
  pending_failures_ = {};
  pending_failure_bytes_ = 0;
  return Status::OK();
}

// The quarantine is staged before the commit that names it and published after it: at no moment is a row
// behind the commit and nowhere, or in the quarantine and still to come.
Status Committer::Commit() {
  if (pending_.rows_done == 0) return Status::OK();
  ARROW_RETURN_NOT_OK(rows::CheckWarehouse(catalog_->warehouse()));
  ARROW_RETURN_NOT_OK(StageFailures());
  ARROW_RETURN_NOT_OK(CheckStagedQuarantine(pending_quarantine_));
  if (options_.sync && !pending_quarantine_.empty()) {
    ARROW_RETURN_NOT_OK(io::SyncToDisk(QuarantineFolder(catalog_->warehouse())));
  }
  ARROW_RETURN_NOT_OK(pending_objects_.Stage());
  ARROW_RETURN_NOT_OK(Append());
  const std::vector<io::Location> quarantine = std::exchange(pending_quarantine_, {});
  for (const io::Location& file : quarantine) pending_.quarantine_files.push_back(file.name());
  {
    std::lock_guard lock(mutex_);
    Add(pending_, &counts_);
  }
  pending_ = {};
  ARROW_RETURN_NOT_OK(PublishQuarantine(quarantine));
  RemoveRetriedQuarantine();
  return Status::OK();
}

// Also without files: the table must say which rows are behind it, and which quarantine is its own.
Status Committer::Append() {
  iceberg::Table::CommitRequest request;
  ARROW_ASSIGN_OR_RAISE(request.missing_properties, catalog_->UnrecordedGrid());
  request.files = pending_files_.Release();  // given back where the commit certainly failed
  const QuarantineNotes quarantine = PendingQuarantine();
  NoteQuarantine(quarantine, &request.summary);
  NoteOverflowed(pending_.overflowed, &request.summary);
  NoteItems(pending_.catalogued, &request.summary);
  if (options_.selection && position_.inventory) {
    NoteInventory(*options_.selection, *position_.inventory, &request.summary);
  }
  request.summary_on_top = [&, no_files = request.files.empty()] {
    Summary summary = pending_objects_.NoteOnTop();
    if (no_files) summary.merge(catalog::KeptUniqueMark(catalog_->table()));
    return summary;
  };
  request.sync = options_.sync;  // data and metadata are on one filesystem
  request.schema = schema_;
  request.guard = [&] {
    if (options_.lock != nullptr) ARROW_RETURN_NOT_OK(options_.lock->Check());
    others_committed_ |= catalog_->table().metadata_location() != own_metadata_;
    return others_committed_ ? CheckNobodyElseDidTheRows(quarantine) : Status::OK();
  };
  const Status appended = catalog_->table().Append(request);
  if (KindOf(appended) == ErrorKind::kCommitUnknown) {
    // The table may live by these data files. The next run knows whether the staged ones are its own.
    pending_quarantine_.clear();
    pending_objects_.Settle();
  } else if (!appended.ok()) {
    pending_files_.Add(std::move(request.files));
  }
  ARROW_RETURN_NOT_OK(appended);
  pending_objects_.Settle();
  pending_.commits = 1;
  if (options_.selection && position_.inventory) known_progress_ = position_.inventory;
  known_retries_.finished.insert(quarantine.finished.begin(), quarantine.finished.end());
  for (const auto& [file, rows] : quarantine.rows_taken_up) known_retries_.rows_taken_up[file] = rows;
  own_metadata_ = catalog_->table().metadata_location();
  return Status::OK();
}

// Two runs that count on the same rows would both add them: the lock was taken from one, or the answer to a
// request of an earlier run comes late.
Status Committer::CheckNobodyElseDidTheRows(const QuarantineNotes& pending) const {
  const auto taken = [](const char* what) {
    return FailedError(
        "another run has added rows of the same {} meanwhile; what this one had not committed was taken "
        "back, and the next run goes on behind both",
        what);
  };
  if (options_.selection) {
    const auto progress = FindProgress(catalog_->table(), *options_.selection);
    if (progress && progress != known_progress_) return taken("inventory");
  }
  const QuarantineNotes now = FindQuarantineNotes(catalog_->table());
  const auto taken_up_by_others = [&](const std::string& file) {
    return (now.finished.contains(file) && !known_retries_.finished.contains(file)) ||
           now.RowsTakenUp(file) != known_retries_.RowsTakenUp(file);
  };
  for (const std::string& file : pending.finished) {
    if (taken_up_by_others(file)) return taken("quarantine");
  }
  for (const auto& [file, rows] : pending.rows_taken_up) {
    if (taken_up_by_others(file)) return taken("quarantine");
  }
  return Status::OK();
}

QuarantineNotes Committer::PendingQuarantine() const {
  QuarantineNotes quarantine;
  for (const io::Location& file : pending_quarantine_) quarantine.written.insert(FileName(file.path));
  const auto& finished = position_.finished_quarantine;
  for (size_t i = removed_quarantine_; i < finished.size(); ++i)
    quarantine.finished.insert(FileName(finished[i]));
  if (!position_.unfinished_quarantine.empty()) {
    quarantine.rows_taken_up[FileName(position_.unfinished_quarantine)] = position_.unfinished_rows;
  }
  return quarantine;
}

// Rows of these files are catalogued or in a newer quarantine file by now.
void Committer::RemoveRetriedQuarantine() {
  const auto& finished = position_.finished_quarantine;
  const io::Location folder = QuarantineFolder(catalog_->warehouse());
  for (; removed_quarantine_ < finished.size(); ++removed_quarantine_) {
    (void)io::DeleteFile(folder.Join(FileName(finished[removed_quarantine_])));
  }
}

CommitCounts Committer::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace earthcatalog::ingest
