#include "earthcatalog/rows/merge.h"

#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <tuple>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/mend_boxes.h"
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

// Nobody knows what the row should be; who reads this should at least know a way out.
Status WithWayOut(const Status& error) {
  if (KindOf(error) != ErrorKind::kCorrupt) return error;
  return CorruptError(
      "{}; write the file anew without such rows by the program that made it, a deep check names the others",
      error.message());
}

// Those that boxes are mended in.
std::shared_ptr<arrow::Schema> BoxColumns() {
  return arrow::schema(
      {arrow::field("bbox", arrow::null()), arrow::field(std::string(item::kOverflow), arrow::null())});
}

}  // namespace

int64_t RunBytes(const MergeOptions& options) {
  return std::min(options.memory_bytes / kRunPart, kMaxRunBytes);
}

Merge::Merge(const io::Location& table, std::vector<MergeInput> files, std::shared_ptr<arrow::Schema> schema,
             const MergeOptions& options)
    : table_(table), files_(std::move(files)), schema_(std::move(schema)), options_(options) {
  // The order in which they were ingested.
  std::sort(files_.begin(), files_.end(), [](const MergeInput& a, const MergeInput& b) {
    const auto key = [](const MergeInput& input) {
      return std::tuple(std::abs(IngestedWith(input.file.uri, input.sequence_number)),
                        std::string_view(input.file.uri));
    };
    return key(a) < key(b);
  });
  newest_.emplace(options_.memory_bytes / kNewestPart, options_.temporary_directory);
  for (const MergeInput& input : files_) {
    newest_->AddFile({input.file.uri, IngestedWith(input.file.uri, input.sequence_number), 0});
  }
}

Result<std::unique_ptr<Merge>> Merge::Open(const io::Location& table, std::vector<MergeInput> files,
                                           std::shared_ptr<arrow::Schema> schema, const MergeOptions& options,
                                           const CancelSource& cancel) {
  std::unique_ptr<Merge> merge(new Merge(table, std::move(files), std::move(schema), options));
  ARROW_ASSIGN_OR_RAISE(const bool all_read, merge->ReadOnce(cancel));
  if (!all_read) {
    ARROW_RETURN_NOT_OK(merge->DescribeRows(cancel));
    ARROW_RETURN_NOT_OK(merge->MakeRuns(cancel));
  }
  merge->newest_.reset();
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
  for (size_t i = first; i < files_.size(); ++i) files.push_back({&files_[i].file, nullptr});
  return DataFilesReader(table_, std::move(files), columns, keep_bytes);
}

// The rows into one run, if all of them fit. If not, some rows are described by then and none is held.
Result<bool> Merge::ReadOnce(const CancelSource& cancel) {
  const int64_t room = RunBytes(options_);
  int64_t file_bytes = 0;
  for (const MergeInput& input : files_) file_bytes += input.file.size;
  if (file_bytes > room) return false;
  DataFilesReader reader = ReadFiles(0, {}, /*keep_bytes=*/0);
  std::vector<DataFilesReader::Rows> held;
  int64_t held_bytes = 0;
  while (held_bytes < room) {
    ARROW_ASSIGN_OR_RAISE(auto found, reader.Next(cancel));
    if (!found) {
      ARROW_RETURN_NOT_OK(FinishNewest());
      for (const auto& rows : held) ARROW_RETURN_NOT_OK(AddToRun(rows));
      return true;
    }
    ARROW_RETURN_NOT_OK(newest_->Add(found->file, *found->rows.rows, found->rows.first));
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*found->rows.rows));
    held_bytes += kBatchDescriptionBytes + bytes;
    held.push_back(*std::move(found));
  }
  return false;
}

// Those that are not described yet.
Status Merge::DescribeRows(const CancelSource& cancel) {
  size_t first = 0;
  while (first + 1 < files_.size() && newest_->row_count(first + 1) > 0) ++first;
  DataFilesReader reader =
      ReadFiles(first, IdentityColumns::Names(), table_.local ? 0 : options_.memory_bytes / kSmallFilesPart);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto found, reader.Next(cancel));
    if (!found) return FinishNewest();
    const size_t file = first + found->file;
    const auto& [rows, begin] = found->rows;
    const int64_t described = std::clamp<int64_t>(newest_->row_count(file) - begin, 0, rows->num_rows());
    if (described == rows->num_rows()) continue;
    ARROW_RETURN_NOT_OK(newest_->Add(file, *rows->Slice(described), begin + described));
  }
}

Status Merge::FinishNewest() {
  ARROW_RETURN_NOT_OK(newest_->Finish());
  input_rows_ = newest_->row_count();
  return Status::OK();
}

Status Merge::MakeRuns(const CancelSource& cancel) {
  DataFilesReader reader = ReadFiles(0, {}, /*keep_bytes=*/0);
  int64_t rows = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto found, reader.Next(cancel));
    if (!found) break;
    rows += found->rows.rows->num_rows();
    ARROW_RETURN_NOT_OK(AddToRun(*found));
    const bool full = !waiting_.empty() && waiting_bytes_ >= RunBytes(options_);
    if (full) ARROW_RETURN_NOT_OK(StoreWaiting(cancel));
  }
  return rows == input_rows_ ? Status::OK() : CorruptError("a data file changed while it was read");
}

Status Merge::AddToRun(const DataFilesReader::Rows& found) {
  const MergeInput& input = files_[found.file];
  const auto add = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto wanted, KeptRows(found));
    if (wanted->length() == 0) return Status::OK();
    output_rows_ += wanted->length();
    std::shared_ptr<arrow::RecordBatch> kept = found.rows.rows;
    if (wanted->length() < kept->num_rows()) {
      ARROW_ASSIGN_OR_RAISE(const arrow::Datum taken,
                            arrow::compute::Take(kept, arrow::Datum(wanted->data()),
                                                 arrow::compute::TakeOptions::NoBoundsCheck()));
      kept = taken.record_batch();
    }
    ARROW_ASSIGN_OR_RAISE(kept, WithIngested(kept, input));
    ARROW_ASSIGN_OR_RAISE(kept, Conformed(kept, input));
    // Only now has it the columns that boxes are mended in.
    if (!input.boxes_hold) {
      const auto number_of = [&](int64_t row) { return found.rows.first + wanted->Value(row); };
      auto mended = item::MendBoxes(kept, number_of);
      if (!mended.ok()) return WithWayOut(mended.status());
      kept = *std::move(mended);
    }
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*kept));
    waiting_bytes_ += kBatchDescriptionBytes + bytes;
    waiting_.push_back(std::move(kept));
    return Status::OK();
  };
  return WithContext(add(), OneLine(input.file.uri));
}

// The places, in the batch, of those that no newer version of their item supersedes, and that nobody wants
// left out.
Result<std::shared_ptr<arrow::Int64Array>> Merge::KeptRows(const DataFilesReader::Rows& found) const {
  const auto& [rows, first] = found.rows;
  const std::vector<bool>& superseded = newest_->SupersededOf(found.file);
  const std::vector<bool>* const left_out = files_[found.file].left_out;
  const auto end = static_cast<size_t>(first + rows->num_rows());
  if (end > superseded.size() || (left_out != nullptr && end > left_out->size())) {
    return CorruptError("it has become longer");
  }
  arrow::Int64Builder kept;
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    const auto place = static_cast<size_t>(first + row);
    if (superseded[place] || (left_out != nullptr && (*left_out)[place])) continue;
    ARROW_RETURN_NOT_OK(kept.Append(row));
  }
  std::shared_ptr<arrow::Int64Array> places;
  ARROW_RETURN_NOT_OK(kept.Finish(&places));
  return places;
}

// What came with the file is said by each row from now on.
Result<std::shared_ptr<arrow::RecordBatch>> Merge::WithIngested(
    const std::shared_ptr<arrow::RecordBatch>& rows, const MergeInput& input) const {
  const auto field = schema_->GetFieldByName(std::string(item::kIngested));
  if (field == nullptr) return rows;
  const int64_t of_file = IngestedWith(input.file.uri, input.sequence_number);
  const IdentityColumns columns(*rows);
  arrow::Int64Builder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(rows->num_rows()));
  for (int64_t row = 0; row < rows->num_rows(); ++row) {
    builder.UnsafeAppend(columns.ingested(row).value_or(of_file));
  }
  ARROW_ASSIGN_OR_RAISE(auto ingested, builder.Finish());
  const int place = rows->schema()->GetFieldIndex(field->name());
  return place < 0 ? rows->AddColumn(rows->num_columns(), field, ingested)
                   : rows->SetColumn(place, field, ingested);
}

// In the columns that the file has, as the table has them. What others have comes when the run is sorted.
Result<std::shared_ptr<arrow::RecordBatch>> Merge::Conformed(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                             const MergeInput& input) {
  if (file_schema_ == nullptr || boxes_hold_ != input.boxes_hold ||
      !rows->schema()->Equals(*file_schema_, /*check_metadata=*/true)) {
    file_schema_ = rows->schema();
    boxes_hold_ = input.boxes_hold;
    geoparquet::PresentColumns present;
    for (auto* columns : {&present, &present_}) {
      columns->Add(*file_schema_);
      // Not every file of a table with columns of 0.6 has them.
      if (!boxes_hold_) columns->Add(*BoxColumns());
    }
    conformed_schema_ = present.Of(*schema_);
  }
  return ConformRows(rows, conformed_schema_);
}

Result<std::shared_ptr<arrow::RecordBatchReader>> Merge::SortWaiting() {
  waiting_bytes_ = 0;
  ARROW_ASSIGN_OR_RAISE(auto run, JoinRows(std::exchange(waiting_, {}), present_.Of(*schema_)));
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
  ARROW_ASSIGN_OR_RAISE(const auto merged, MergeSorted(std::move(sources), present_.Of(*schema_),
                                                       options_.memory_bytes / kRunBatchPart));
  ARROW_ASSIGN_OR_RAISE(StoredRows run,
                        StoredRows::Write(merged.get(), options_.temporary_directory, cancel));
  runs_.push_back(std::move(run));
  ++stored_runs_;
  return Status::OK();
}

Status Merge::StartMerging(const CancelSource& cancel) {
  rows_schema_ = present_.Of(*schema_);
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
