#include "earthcatalog/rows/merge.h"

#include <arrow/util/byte_size.h>

#include <algorithm>
#include <utility>

#include "earthcatalog/rows/conform.h"
#include "earthcatalog/rows/identity.h"
#include "earthcatalog/rows/merge_sorted.h"

namespace earthcatalog::rows {
namespace {

// Parts of the memory limit. A run is held twice for a moment: freed pieces of one column seldom have room
// for the next.
constexpr int64_t kNewestPart = 6;
constexpr int64_t kRunPart = 7;
constexpr int64_t kSmallFilesPart = 8;  // of an object store, kept from the first reading for the second
constexpr int64_t kRunBatchPart = 2048;
constexpr int64_t kBatchPart = 128;
// Merged at a time: each of them takes a batch, as it is stored and as it was, and one that waits for others.
constexpr size_t kMergedRuns = 128;
// Open at a time.
constexpr size_t kStoredRuns = 400;

RowsOfFiles OfOneFile(size_t file, RowsInFile rows) {
  const int64_t count = rows.rows->num_rows();
  return {.rows = std::move(rows.rows), .stretches = {{file, rows.first, count}}};
}

}  // namespace

int64_t RunBytes(const MergeOptions& options) {
  return std::min(options.memory_bytes / kRunPart, kMaxRunBytes);
}

Merge::Merge(const io::Location& table, std::vector<MergeInput> files, TableColumns columns,
             const MergeOptions& options)
    : table_(table),
      options_(options),
      kept_(std::move(files), std::move(columns), options.memory_bytes / kNewestPart,
            options.temporary_directory) {}

Result<std::unique_ptr<Merge>> Merge::Open(const io::Location& table, std::vector<MergeInput> files,
                                           TableColumns columns, const MergeOptions& options,
                                           const CancelSource& cancel) {
  std::unique_ptr<Merge> merge(new Merge(table, std::move(files), std::move(columns), options));
  ARROW_ASSIGN_OR_RAISE(const bool all_read, merge->ReadOnce(cancel));
  if (!all_read) {
    ARROW_RETURN_NOT_OK(merge->DescribeRows(cancel));
    ARROW_RETURN_NOT_OK(merge->MakeRuns(cancel));
  }
  merge->kept_.FinishKeeping();
  ARROW_RETURN_NOT_OK(merge->StartMerging(cancel));
  return merge;
}

Result<std::shared_ptr<arrow::RecordBatch>> Merge::Next(const CancelSource& cancel) {
  if (cancel.stopped()) return cancel.status();
  return merged_->Next();
}

// From the first one given.
DataFilesReader Merge::ReadFiles(size_t first, const std::vector<std::string>& columns, int64_t keep_bytes) {
  std::vector<DataFilesReader::File> files;
  for (size_t i = first; i < kept_.files().size(); ++i) files.push_back({&kept_.files()[i].file, nullptr});
  return DataFilesReader(table_, std::move(files), columns, keep_bytes);
}

// The rows into one run, if all of them fit. If not, some rows are described by then and none is held.
Result<bool> Merge::ReadOnce(const CancelSource& cancel) {
  const int64_t room = RunBytes(options_);
  int64_t file_bytes = 0;
  for (const MergeInput& input : kept_.files()) file_bytes += input.file.size;
  if (file_bytes > room) return false;
  DataFilesReader reader = ReadFiles(0, {}, /*keep_bytes=*/0);
  std::vector<RowsOfFiles> held;
  int64_t held_bytes = 0;
  while (held_bytes < room) {
    ARROW_ASSIGN_OR_RAISE(auto found, reader.Next(cancel));
    if (!found) {
      ARROW_RETURN_NOT_OK(FinishDescribing());
      for (const auto& rows : held) ARROW_RETURN_NOT_OK(AddToRun(rows));
      return true;
    }
    held.push_back(OfOneFile(found->file, std::move(found->rows)));
    ARROW_RETURN_NOT_OK(kept_.Describe(held.back()));
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*held.back().rows));
    held_bytes += kBatchDescriptionBytes + bytes;
  }
  return false;
}

// Those that are not described yet.
Status Merge::DescribeRows(const CancelSource& cancel) {
  size_t first = 0;
  while (first + 1 < kept_.files().size() && kept_.described_rows(first + 1) > 0) ++first;
  DataFilesReader reader =
      ReadFiles(first, IdentityColumns::Names(), table_.local ? 0 : options_.memory_bytes / kSmallFilesPart);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto found, reader.Next(cancel));
    if (!found) return FinishDescribing();
    const size_t file = first + found->file;
    const auto& [rows, begin] = found->rows;
    const int64_t described = std::clamp<int64_t>(kept_.described_rows(file) - begin, 0, rows->num_rows());
    if (described == rows->num_rows()) continue;
    ARROW_RETURN_NOT_OK(kept_.Describe(OfOneFile(file, {rows->Slice(described), begin + described})));
  }
}

Status Merge::FinishDescribing() {
  ARROW_RETURN_NOT_OK(kept_.FinishDescribing());
  input_rows_ = kept_.described_rows();
  return Status::OK();
}

Status Merge::MakeRuns(const CancelSource& cancel) {
  DataFilesReader reader = ReadFiles(0, {}, /*keep_bytes=*/0);
  int64_t rows = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto found, reader.Next(cancel));
    if (!found) break;
    rows += found->rows.rows->num_rows();
    ARROW_RETURN_NOT_OK(AddToRun(OfOneFile(found->file, std::move(found->rows))));
    const bool full = !waiting_.empty() && waiting_bytes_ >= RunBytes(options_);
    if (full) ARROW_RETURN_NOT_OK(StoreWaiting(cancel));
  }
  return rows == input_rows_ ? Status::OK() : CorruptError("a data file changed while it was read");
}

Status Merge::AddToRun(const RowsOfFiles& found) {
  std::shared_ptr<arrow::Int64Array> places;
  ARROW_ASSIGN_OR_RAISE(auto kept, kept_.Keep(found, &places));
  if (kept == nullptr) return Status::OK();
  output_rows_ += kept->num_rows();
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*kept));
  waiting_bytes_ += kBatchDescriptionBytes + bytes;
  waiting_.push_back(std::move(kept));
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatchReader>> Merge::SortWaiting() {
  waiting_bytes_ = 0;
  ARROW_ASSIGN_OR_RAISE(auto run, JoinRows(std::exchange(waiting_, {}), kept_.schema()));
  return SortRows(std::move(run), options_.memory_bytes / kRunBatchPart);
}

Status Merge::StoreWaiting(const CancelSource& cancel) {
  ARROW_ASSIGN_OR_RAISE(const auto sorted, SortWaiting());
  ARROW_ASSIGN_OR_RAISE(StoredRows run,
                        StoredRows::Write(sorted.get(), options_.temporary_directory, cancel));
  runs_.push_back(std::move(run));
  ++stored_runs_;
  return runs_.size() < kStoredRuns ? Status::OK() : MergeSmallest(kMergedRuns, cancel);
}

// So many runs become one.
Status Merge::MergeSmallest(size_t count, const CancelSource& cancel) {
  std::stable_sort(runs_.begin(), runs_.end(),
                   [](const StoredRows& a, const StoredRows& b) { return a.bytes() < b.bytes(); });
  std::vector<std::shared_ptr<arrow::RecordBatchReader>> sources;
  for (size_t i = 0; i < count; ++i) {
    ARROW_ASSIGN_OR_RAISE(sources.emplace_back(), runs_[i].Read());
  }
  runs_.erase(runs_.begin(), runs_.begin() + static_cast<std::ptrdiff_t>(count));
  ARROW_ASSIGN_OR_RAISE(const auto merged, MergeSorted(std::move(sources), kept_.schema(),
                                                       options_.memory_bytes / kRunBatchPart));
  ARROW_ASSIGN_OR_RAISE(StoredRows run,
                        StoredRows::Write(merged.get(), options_.temporary_directory, cancel));
  runs_.push_back(std::move(run));
  ++stored_runs_;
  return Status::OK();
}

Status Merge::StartMerging(const CancelSource& cancel) {
  rows_schema_ = kept_.schema();
  std::vector<std::shared_ptr<arrow::RecordBatchReader>> sources;
  if (runs_.empty()) {
    if (!waiting_.empty()) ARROW_RETURN_NOT_OK(SortWaiting().Value(&sources.emplace_back()));
  } else if (!waiting_.empty()) {
    ARROW_RETURN_NOT_OK(StoreWaiting(cancel));
  }
  while (runs_.size() > kMergedRuns) {
    const size_t count = std::min(kMergedRuns, runs_.size() - kMergedRuns + 1);
    ARROW_RETURN_NOT_OK(MergeSmallest(count, cancel));
  }
  for (StoredRows& run : runs_) ARROW_RETURN_NOT_OK(run.Read().Value(&sources.emplace_back()));
  runs_.clear();
  return MergeSorted(std::move(sources), rows_schema_,
                     std::min(options_.memory_bytes / kBatchPart, kMaxRunBytes))
      .Value(&merged_);
}

}  // namespace earthcatalog::rows
