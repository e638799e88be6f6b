#include "earthcatalog/maintain/compaction.h"

#include <algorithm>
#include <map>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/catalog/unique_mark.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/maintain/compacted_columns.h"

namespace earthcatalog::maintain {
namespace {

// Of the memory limit, for finding versions; the buckets under way share the rest.
constexpr int64_t kVersionsPart = 3;
constexpr int64_t kLeastBucketBytes = 64LL << 20;

std::optional<int64_t> CurrentSnapshotId(const iceberg::Table& table) {
  const auto snapshot = table.current_snapshot();
  return snapshot ? std::optional(snapshot->id) : std::nullopt;
}

}  // namespace

bool Compaction::NobodyElseCommitted() const { return CurrentSnapshotId(table_) == snapshot_id_; }

Status Compaction::Run() {
  ARROW_RETURN_NOT_OK(Plan());
  if (options_.dry_run) {
    std::vector<TableFile> all = plan_.staying;
    for (const Bucket& bucket : plan_.buckets) all.insert(all.end(), bucket.begin(), bucket.end());
    if (versions_) ARROW_RETURN_NOT_OK(CheckVersions(all));
    Estimate();
    return Status::OK();
  }
  if (!plan_.buckets.empty() || !types_.empty()) ARROW_RETURN_NOT_OK(SettleColumns());
  const size_t count = plan_.buckets.size();
  const size_t step =
      options_.buckets_per_commit > 0 ? static_cast<size_t>(options_.buckets_per_commit) : count;
  for (size_t begin = 0; begin < count; begin += step) {
    const size_t end = std::min(count, begin + step);
    ARROW_RETURN_NOT_OK(RewriteBuckets(begin, end));
    if (end < count) ARROW_RETURN_NOT_OK(Commit(/*last=*/false));
  }
  if (versions_) {
    ARROW_RETURN_NOT_OK(CheckVersions(plan_.staying));
    if (versions_->superseded_count() > 0) ARROW_RETURN_NOT_OK(DropSuperseded());
  }
  return Commit(/*last=*/true);
}

Status Compaction::Plan() {
  threads_ = options_.threads > 0 ? options_.threads : CoreCount();
  const int64_t bucket_bytes = options_.memory_bytes - options_.memory_bytes / kVersionsPart;
  threads_ = static_cast<int>(std::clamp<int64_t>(bucket_bytes / kLeastBucketBytes, 1, threads_));
  snapshot_id_ = CurrentSnapshotId(table_);
  if (!catalog::IsUnique(table_)) versions_.emplace(options_.memory_bytes / kVersionsPart, "");
  ARROW_ASSIGN_OR_RAISE(std::vector<TableFile> files, ListFiles(table_));
  if (report_->commits == 0) {
    report_->files_before = static_cast<int64_t>(files.size());
    report_->bytes_before = report_->rows_before = 0;
    for (const TableFile& file : files) {
      report_->bytes_before += file.file.file_size;
      report_->rows_before += file.file.record_count;
    }
  }
  report_->files_after = static_cast<int64_t>(files.size());
  report_->bytes_after = report_->rows_after = 0;
  for (const TableFile& file : files) {
    report_->bytes_after += file.file.file_size;
    report_->rows_after += file.file.record_count;
  }
  ARROW_ASSIGN_OR_RAISE(types_, NewTypes(options_.column_types, *table_.schema()));
  plan_ = PlanCompaction(std::move(files), RuleFor(options_, *table_.schema()));
  if (!types_.empty() && !plan_.staying.empty()) {
    const iceberg::DataFile& file = plan_.staying.front().file;
    return UsageError("{} cannot be written anew, so no column can change: its cell '{}' can be no folder",
                      OneLine(file.path), OneLine(file.partition.grid_partition.value_or("")));
  }
  report_->buckets_scanned = plan_.partitions;
  for (const Bucket& bucket : plan_.buckets) {
    for (const TableFile& file : bucket) state_.total_items += static_cast<uint64_t>(file.file.record_count);
  }
  return Status::OK();
}

// What a run would do, about: rows that stay take as many bytes as before.
void Compaction::Estimate() {
  report_->changed_columns = ChangesOf(types_, *table_.schema());
  report_->buckets_compacted = static_cast<int64_t>(plan_.buckets.size());
  for (const Bucket& bucket : plan_.buckets) {
    int64_t bytes = 0;
    for (const TableFile& file : bucket) bytes += file.file.file_size;
    const int64_t files = std::max<int64_t>(1, bytes / std::max<int64_t>(1, options_.target_bytes));
    report_->files_rewritten += static_cast<int64_t>(bucket.size());
    report_->files_written += files;
    report_->files_after += files - static_cast<int64_t>(bucket.size());
  }
  report_->rows_superseded = versions_ ? versions_->superseded_count() : 0;
  report_->rows_after -= report_->rows_superseded;
}

Status Compaction::CheckVersions(const std::vector<TableFile>& unread) {
  ARROW_RETURN_NOT_OK(versions_->AddStored(catalog_->warehouse(), unread, cancel_));
  return versions_->Finish();
}

// Of a table that is compacted for the first time, or changed and of an earlier version, in a commit of its
// own: files are written with the new columns' field ids. Columns of new types come with the files.
Status Compaction::SettleColumns() {
  if (columns_) return Status::OK();
  ARROW_RETURN_NOT_OK(table_.EvolveSchema(
      [&](const std::shared_ptr<arrow::Schema>& current) -> Result<std::shared_ptr<arrow::Schema>> {
        ARROW_RETURN_NOT_OK(guard_());
        return ColumnsFor(current, !types_.empty());
      }));
  columns_.emplace(table_.schema());
  if (types_.empty()) return Status::OK();
  int last_column_id = table_.last_column_id();
  return iceberg::ReplaceColumns(*columns_->stored, types_, &last_column_id).Value(&columns_->written);
}

RewriteTarget Compaction::Target() const {
  const int64_t bytes = options_.memory_bytes - options_.memory_bytes / kVersionsPart;
  return {.warehouse = catalog_->warehouse(),
          .columns = *columns_,
          .token = NewUuid().substr(0, 8),
          .file_bytes = options_.target_bytes,
          .memory_bytes = std::max(bytes / threads_, kLeastBucketBytes)};
}

// Tells the check of versions, and who watches.
OnRows Compaction::WhatIsWritten() {
  return [this](const std::string& uri, const iceberg::Partition& partition, int64_t first,
                const arrow::RecordBatch& rows) {
    ShowProgress(rows.num_rows());
    return versions_ ? versions_->AddWritten(uri, partition, first, rows) : Status::OK();
  };
}

Status Compaction::RewriteBuckets(size_t begin, size_t end) {
  const std::span<const Bucket> buckets(plan_.buckets.data() + begin, end - begin);
  const std::vector<std::span<const Bucket>> units = UnitsOf(buckets, options_.target_bytes);
  return ParallelFor(units.size(), threads_, cancel_, [&](size_t i, int) { return RewriteUnit(units[i]); });
}

Status Compaction::RewriteUnit(std::span<const Bucket> buckets) {
  rows::UncommittedFiles files(catalog_->warehouse());
  bool written = false;
  if (buckets.size() > 1) {
    ARROW_ASSIGN_OR_RAISE(written, RewriteSmallFiles(Target(), buckets, WhatIsWritten(), cancel_, &files));
  }
  for (const Bucket& bucket : buckets) {
    if (!written) ARROW_RETURN_NOT_OK(RewriteBucket(bucket, &files));
  }
  std::lock_guard lock(mutex_);
  written_.Add(files.Release());
  for (const Bucket& bucket : buckets) {
    for (const TableFile& file : bucket) replaced_.push_back(file.file);
  }
  buckets_written_ += static_cast<int64_t>(buckets.size());
  return Status::OK();
}

Status Compaction::RewriteBucket(const Bucket& bucket, rows::UncommittedFiles* files) {
  std::vector<RewriteInput> inputs;
  for (const TableFile& file : bucket) inputs.push_back({.file = &file});
  return RewriteFiles(Target(), inputs, WhatIsWritten(), cancel_, files);
}

// Files with rows of older versions are written again without these: good ones, and those just written where
// the newer version came to light elsewhere.
Status Compaction::DropSuperseded() {
  ARROW_RETURN_NOT_OK(SettleColumns());
  std::vector<TableFile> concerned;
  std::vector<iceberg::DataFile> others;
  const auto is_concerned = [&](const iceberg::DataFile& file) {
    return versions_->SupersededOf(file.path) != nullptr;
  };
  rows::UncommittedFiles outdated(catalog_->warehouse());  // which nobody will name
  for (iceberg::DataFile& file : written_.Release()) {
    if (!is_concerned(file)) {
      others.push_back(std::move(file));
      continue;
    }
    concerned.push_back({.file = file, .boxes_hold = true});
    outdated.Add({std::move(file)});
  }
  written_.Add(std::move(others));
  for (const std::vector<TableFile>* stored : {&plan_.staying, &committed_}) {
    for (const TableFile& file : *stored) {
      if (!is_concerned(file.file)) continue;
      concerned.push_back(file);
      replaced_.push_back(file.file);
    }
  }
  return ParallelFor(concerned.size(), threads_, cancel_, [&](size_t i, int) {
    return RewriteWithout(concerned[i], *versions_->SupersededOf(concerned[i].file.path));
  });
}

Status Compaction::RewriteWithout(const TableFile& file, const std::vector<bool>& superseded) {
  rows::UncommittedFiles files(catalog_->warehouse());
  ARROW_RETURN_NOT_OK(
      RewriteFiles(Target(), {{.file = &file, .left_out = &superseded}}, {}, cancel_, &files));
  std::lock_guard lock(mutex_);
  written_.Add(files.Release());
  return Status::OK();
}

Status Compaction::Commit(bool last) {
  if (cancel_.stopped()) return cancel_.status();
  if (!replaced_.empty() || !types_.empty()) return Replace(last);
  return last && versions_ && plan_.partitions > 0 ? MarkAsUnique() : Status::OK();
}

Status Compaction::Replace(bool last) {
  iceberg::Table::CommitRequest request;
  request.files = written_.Release();  // given back where the commit certainly failed
  request.guard = guard_;
  request.summary_on_top = [&]() -> std::map<std::string, std::string> {
    others_committed_ = others_committed_ || !NobodyElseCommitted();
    if (last && versions_ && !others_committed_) return {{catalog::kUniqueNote, "true"}};
    return catalog::KeptUniqueMark(table_);
  };
  if (!types_.empty()) request.schema = columns_->written;
  const Status committed =
      types_.empty() ? table_.Replace(request, replaced_) : table_.ReplaceColumns(request, replaced_);
  if (!committed.ok()) {
    if (KindOf(committed) != ErrorKind::kCommitUnknown) written_.Add(std::move(request.files));
    return committed;
  }
  snapshot_id_ = CurrentSnapshotId(table_);
  ++report_->commits;
  report_->changed_columns = ChangesOf(types_, *columns_->stored);
  report_->buckets_compacted += std::exchange(buckets_written_, 0);
  report_->unique = catalog::IsUnique(table_);
  const auto count = [&](const iceberg::DataFile& file, int64_t sign, int64_t* files) {
    ++*files;
    report_->files_after += sign;
    report_->bytes_after += sign * file.file_size;
    report_->rows_after += sign * file.record_count;
    report_->rows_superseded -= sign * file.record_count;
  };
  for (const iceberg::DataFile& file : replaced_) count(file, -1, &report_->files_rewritten);
  for (iceberg::DataFile& file : request.files) {
    count(file, +1, &report_->files_written);
    file.sequence_number = table_.last_sequence_number();
    committed_.push_back({.file = std::move(file), .boxes_hold = true});
  }
  replaced_.clear();
  return Status::OK();
}

// All is fine as it is: the table is told. A commit of others meanwhile may have brought versions.
Status Compaction::MarkAsUnique() {
  iceberg::Table::CommitRequest request;
  request.summary = {{catalog::kUniqueNote, "true"}};
  bool overtaken = false;
  request.guard = [&]() -> Status {
    ARROW_RETURN_NOT_OK(guard_());
    overtaken = others_committed_ || !NobodyElseCommitted();
    return overtaken ? MakeError(ErrorKind::kCommitConflict, "rows were added meanwhile") : Status::OK();
  };
  const Status marked = table_.Append(request);
  if (overtaken) return Status::OK();
  ARROW_RETURN_NOT_OK(marked);
  ++report_->commits;
  report_->unique = true;
  return Status::OK();
}

void Compaction::ShowProgress(int64_t rows) {
  std::lock_guard lock(mutex_);
  state_.items_done += static_cast<uint64_t>(rows);
  if (!progress_ || !pace_.IsDue()) return;
  state_.commits = static_cast<uint64_t>(report_->commits);
  progress_(state_);
}

}  // namespace earthcatalog::maintain
