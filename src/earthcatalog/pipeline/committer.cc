#include "earthcatalog/pipeline/committer.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>

#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/pipeline/chunk_writer.h"
#include "earthcatalog/pipeline/fan_out.h"

namespace earthcatalog::pipeline {
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
}

}  // namespace

Status RemoveCommittedQuarantine(const catalog::Catalog& catalog) {
  ARROW_ASSIGN_OR_RAISE(const auto files, ListQuarantine(catalog.warehouse()));
  if (files.empty()) return Status::OK();
  std::set<std::string> committed;
  for (const iceberg::Snapshot& snapshot : catalog.table().snapshots()) {
    const auto entry = snapshot.summary.find(kRetriedQuarantineKey);
    if (entry == snapshot.summary.end()) continue;
    const auto names = nlohmann::json::parse(entry->second, nullptr, /*allow_exceptions=*/false);
    if (!names.is_array()) continue;
    for (const auto& name : names) {
      if (name.is_string()) committed.insert(name.get<std::string>());
    }
  }
  for (const io::Location& file : files) {
    if (committed.contains(std::filesystem::path(file.path).filename().string())) {
      ARROW_RETURN_NOT_OK(io::DeleteFile(file));
    }
  }
  return Status::OK();
}

Committer::Committer(const Options& options, catalog::Catalog* catalog,
                     std::shared_ptr<const grid::Partitioner> partitioner, CurrentSchema* schema,
                     const RowFeed* feed, const CancelSource* cancel)
    : options_(options),
      catalog_(catalog),
      partitioner_(std::move(partitioner)),
      current_schema_(schema),
      feed_(feed),
      cancel_(cancel),
      schema_(catalog->table().schema()),
      last_column_id_(catalog->table().last_column_id()),
      next_part_number_(catalog->table().last_sequence_number() + 1) {}

Committer::~Committer() {
  RemoveFiles(catalog_->warehouse(), pending_files_);
  RemoveQuarantine(pending_quarantine_);
}

Status Committer::Run(BoundedQueue<Chunk>* chunks) {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(std::optional<Chunk> chunk, chunks->Pop());
    if (!chunk) break;
    ARROW_RETURN_NOT_OK(WriteChunk(std::move(*chunk)));
    if (!options_.batch_add_files) ARROW_RETURN_NOT_OK(Commit());
  }
  ARROW_RETURN_NOT_OK(Commit());
  RemoveRetriedQuarantine(counts().rows_done);  // also the files without any row
  return Status::OK();
}

Status Committer::WriteChunk(Chunk chunk) {
  ARROW_RETURN_NOT_OK(EvolveSchema(chunk));
  ARROW_RETURN_NOT_OK(ReencodeWhereNeeded(&chunk));
  pending_.rows_done += chunk.row_count;
  for (EncodedBatch& batch : chunk.batches) {
    pending_.catalogued += static_cast<uint64_t>(batch.rows->num_rows());
    std::move(batch.failures.begin(), batch.failures.end(), std::back_inserter(pending_failures_));
    pending_failure_bytes_ += batch.failure_bytes;
  }
  if (pending_failure_bytes_ >= options_.max_failure_bytes) ARROW_RETURN_NOT_OK(StageFailures());
  ARROW_ASSIGN_OR_RAISE(const FannedOut rows, FanOut(*schema_, std::move(chunk)));
  const WriteTarget target{catalog_->warehouse(), schema_, partitioner_, next_part_number_++,
                           options_.threads};
  std::vector<iceberg::DataFile> files;
  const Status written = WriteFiles(target, rows, *cancel_, &files);
  for (iceberg::DataFile& file : files) {
    pending_.rows_written += static_cast<uint64_t>(file.record_count);
    pending_.bytes_written += static_cast<uint64_t>(file.file_size);
    pending_files_.push_back(std::move(file));
  }
  pending_.files_written = pending_files_.size();
  return written;
}

// The union of what the chunk's batches lack, which does not depend on their order.
Status Committer::EvolveSchema(const Chunk& chunk) {
  std::shared_ptr<arrow::DataType> additions = arrow::struct_({});
  for (const EncodedBatch& batch : chunk.batches) {
    if (batch.additions) additions = item::CommonType(additions, arrow::struct_(batch.additions->fields()));
  }
  if (additions->num_fields() == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto wanted, item::Evolve(schema_, arrow::schema(additions->fields())));
  if (wanted->Equals(*schema_)) return Status::OK();
  const int columns_before = schema_->num_fields();
  ARROW_ASSIGN_OR_RAISE(schema_, iceberg::AssignFieldIds(*wanted, schema_.get(), &last_column_id_));
  pending_.columns_added += static_cast<uint64_t>(schema_->num_fields() - columns_before);
  current_schema_->Set(schema_);
  return Status::OK();
}

Status Committer::ReencodeWhereNeeded(Chunk* chunk) {
  return ParallelFor(chunk->batches.size(), options_.threads, *cancel_, [&](size_t i, int) {
    EncodedBatch& batch = chunk->batches[i];
    return batch.additions ? Reencode(schema_, &batch) : Status::OK();
  });
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

// The quarantine comes first: a row must never be behind the commit and nowhere.
Status Committer::Commit() {
  if (pending_.rows_done == 0) return Status::OK();
  if (options_.lock != nullptr) ARROW_RETURN_NOT_OK(options_.lock->Check());
  ARROW_RETURN_NOT_OK(StageFailures());
  ARROW_RETURN_NOT_OK(PublishQuarantine(pending_quarantine_));
  if (options_.sync && !pending_quarantine_.empty()) {
    ARROW_RETURN_NOT_OK(io::SyncToDisk(QuarantineFolder(catalog_->warehouse())));
  }
  if (!pending_files_.empty()) ARROW_RETURN_NOT_OK(Append());
  for (const io::Location& file : pending_quarantine_)
    pending_.quarantine_files.push_back(file.local ? file.path : file.uri);
  pending_quarantine_.clear();
  uint64_t rows_done = 0;
  {
    std::lock_guard lock(mutex_);
    Add(pending_, &counts_);
    rows_done = counts_.rows_done;
  }
  pending_ = {};
  RemoveRetriedQuarantine(rows_done);
  return Status::OK();
}

Status Committer::Append() {
  iceberg::Table::AppendRequest request;
  request.files = pending_files_;
  request.missing_properties = catalog_->UnrecordedGrid();
  request.sync = options_.sync;  // data and metadata are on one filesystem
  if (!schema_->Equals(*catalog_->table().schema())) request.schema = schema_;
  auto retried = nlohmann::json::array();
  for (const std::string& file : RetriedQuarantine(counts().rows_done + pending_.rows_done)) {
    retried.push_back(std::filesystem::path(file).filename().string());
  }
  if (!retried.empty()) {
    request.summary[kRetriedQuarantineKey] =
        retried.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  const Status appended = catalog_->table().Append(request);
  if (KindOf(appended) == ErrorKind::kCommitUnknown) {
    // The table may live by these files, and its rows may be short of those in the quarantine.
    pending_files_.clear();
    pending_quarantine_.clear();
  }
  ARROW_RETURN_NOT_OK(appended);
  pending_files_.clear();
  pending_.commits = 1;
  return Status::OK();
}

std::vector<std::string> Committer::RetriedQuarantine(uint64_t rows_done) const {
  std::vector<std::string> files = feed_->QuarantineFilesWithin(rows_done);
  std::erase_if(files, [this](const std::string& file) { return removed_quarantine_.contains(file); });
  return files;
}

// Rows of these files are catalogued or in a newer quarantine file by now.
void Committer::RemoveRetriedQuarantine(uint64_t rows_done) {
  for (const std::string& file : RetriedQuarantine(rows_done)) {
    const std::string name = std::filesystem::path(file).filename().string();
    (void)io::DeleteFile(QuarantineFolder(catalog_->warehouse()).Join(name));
    removed_quarantine_.insert(file);
  }
}

CommitCounts Committer::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace earthcatalog::pipeline
