#include "earthcatalog/rows/write_files.h"

#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/rows/data_file_name.h"
#include "earthcatalog/rows/describe_file.h"
#include "earthcatalog/rows/uploads.h"

namespace earthcatalog::rows {
namespace {

// Rows gathered at once for a run of small groups: one gather costs far more than its rows. Fewer where a
// small chunk would leave threads without work.
constexpr size_t kGatherRows = 2048;
constexpr size_t kMinGatherRows = 128;
// And of all threads together: a large item in many cells is copied for each of them.
constexpr int64_t kGatherBytes = 32 << 20;
// To object stores. A request takes tens of milliseconds, most of them waiting.
constexpr int kUploads = 32;
constexpr int64_t kMaxUploadBytes = 32 << 20;
constexpr int kDeletions = 16;

struct GroupRun {
  size_t first, last;  // groups [first, last)
};

// A run has more than kGatherBytes / threads only when its one group has: no item is in a group twice.
std::vector<GroupRun> RunsOf(const FannedOut& rows, int threads) {
  const int64_t max_bytes = kGatherBytes / threads;
  const size_t max_rows =
      std::clamp(rows.order.size() / static_cast<size_t>(threads) + 1, kMinGatherRows, kGatherRows);
  std::vector<GroupRun> runs;
  int64_t run_bytes = 0;
  for (size_t i = 0; i < rows.groups.size(); ++i) {
    const FileGroup& group = rows.groups[i];
    int64_t bytes = 0;
    for (size_t place = group.begin; place < group.end; ++place) {
      bytes += rows.item_bytes[static_cast<size_t>(rows.order[place])];
    }
    run_bytes += bytes;
    if (runs.empty() || group.end - rows.groups[runs.back().first].begin > max_rows ||
        run_bytes > max_bytes) {
      runs.push_back({i, i});
      run_bytes = bytes;
    }
    runs.back().last = i + 1;
  }
  return runs;
}

iceberg::Partition PartitionOf(const FileGroup& group, std::string cell) {
  iceberg::Partition partition{std::move(cell), std::nullopt};
  if (group.year) partition.year = *group.year - iceberg::Partition::kEpochYear;
  return partition;
}

// One thread's share of the work.
class GroupWriter {
 public:
  // `uploads`: of a warehouse in an object store, else null.
  GroupWriter(const WriteTarget& target, std::string token, Uploads* uploads)
      : target_(target), token_(std::move(token)), uploads_(uploads) {}

  Status WriteRun(const FannedOut& rows, const GroupRun& run) {
    if (writer_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(writer_, geoparquet::MakeWriter(target_.schema));
    }
    const size_t begin = rows.groups[run.first].begin;
    const size_t count = rows.groups[run.last - 1].end - begin;
    const arrow::Int64Array order(static_cast<int64_t>(count),
                                  arrow::Buffer::Wrap(rows.order.data() + begin, count));
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum gathered,
                          arrow::compute::Take(rows.items, arrow::Datum(order.data()),
                                               arrow::compute::TakeOptions::NoBoundsCheck()));
    for (size_t i = run.first; i < run.last; ++i) {
      const FileGroup& group = rows.groups[i];
      ARROW_RETURN_NOT_OK(
          WriteGroup(group, *gathered.record_batch(), static_cast<int64_t>(group.begin - begin)));
    }
    return Status::OK();
  }

  std::vector<iceberg::DataFile> TakeFiles() { return std::move(files_); }

 private:
  // Its rows begin at `begin` of `items`.
  Status WriteGroup(const FileGroup& group, const arrow::RecordBatch& items, int64_t begin) {
    std::string cell = target_.cell_name(group.cell);
    const auto count = static_cast<int64_t>(group.end - group.begin);
    ARROW_ASSIGN_OR_RAISE(const auto rows, WithCell(items, begin, count, cell));
    ARROW_ASSIGN_OR_RAISE(geoparquet::EncodedFile encoded, writer_->Write(*rows));
    const io::Location location =
        target_.warehouse.Join(DataFilePath(cell, group.year, target_.part_number + group.part, token_));
    const std::shared_ptr<arrow::Buffer> bytes = encoded.bytes;
    const iceberg::Partition partition = PartitionOf(group, std::move(cell));
    if (uploads_ == nullptr) ARROW_RETURN_NOT_OK(io::WriteFileAtomically(location, std::string_view(*bytes)));
    files_.push_back(DescribeFile(location.uri, partition, bytes->size(), std::move(encoded.metrics)));
    if (target_.on_rows) ARROW_RETURN_NOT_OK(target_.on_rows(location, partition, *rows));
    return uploads_ == nullptr ? Status::OK() : uploads_->Add(location, bytes);
  }

  // The slice of `items`, and the cell in each of its rows. Of data, not arrays: making those takes longer
  // than writing a few rows.
  Result<std::shared_ptr<arrow::RecordBatch>> WithCell(const arrow::RecordBatch& items, int64_t begin,
                                                       int64_t count, const std::string& cell) {
    arrow::ArrayDataVector columns;
    columns.reserve(static_cast<size_t>(target_.schema->num_fields()));
    int next = 0;
    for (const auto& field : target_.schema->fields()) {
      if (field->name() != item::kGridPartition) {
        columns.push_back(items.column_data(next++)->Slice(begin, count));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto cells, arrow::MakeArrayFromScalar(arrow::StringScalar(cell), count));
      columns.push_back(cells->data());
    }
    return arrow::RecordBatch::Make(target_.schema, count, std::move(columns));
  }

  const WriteTarget& target_;
  const std::string token_;
  Uploads* const uploads_;
  std::unique_ptr<geoparquet::Writer> writer_;
  std::vector<iceberg::DataFile> files_;
};

}  // namespace

UncommittedFiles::~UncommittedFiles() {
  const CancelSource never;
  (void)ParallelFor(files_.size(), warehouse_.local ? 1 : kDeletions, never, [&](size_t i, int) {
    const Result<io::Location> location = warehouse_.Other(files_[i].path);
    if (location.ok()) (void)io::DeleteFile(*location);
    return Status::OK();
  });
}

void UncommittedFiles::Add(std::vector<iceberg::DataFile> files) {
  if (files_.empty()) {
    files_ = std::move(files);
  } else {
    std::move(files.begin(), files.end(), std::back_inserter(files_));
  }
}

Status CheckWarehouse(const io::Location& warehouse) {
  if (!warehouse.local) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto info, warehouse.fs->GetFileInfo(warehouse.path));
  if (info.IsDirectory()) return Status::OK();
  return FailedError("the warehouse {} is no longer there: somebody moved or removed it during the run",
                     warehouse.path);
}

Status WriteFiles(const WriteTarget& target, const FannedOut& rows, const CancelSource& cancel,
                  UncommittedFiles* files) {
  const std::string token = NewUuid().substr(0, 8);
  std::optional<Uploads> uploads;
  if (!target.warehouse.local) uploads.emplace(kUploads, kMaxUploadBytes, &cancel);
  std::vector<GroupWriter> writers;
  for (int i = 0; i < target.threads; ++i) {
    writers.emplace_back(target, token, uploads ? &*uploads : nullptr);
  }
  const std::vector<GroupRun> runs = RunsOf(rows, target.threads);
  Status status = ParallelFor(runs.size(), target.threads, cancel, [&](size_t run, int thread) {
    return writers[static_cast<size_t>(thread)].WriteRun(rows, runs[run]);
  });
  if (uploads && status.ok()) status = uploads->Finish();
  uploads.reset();  // nothing is under way any more
  std::vector<iceberg::DataFile> written;
  for (GroupWriter& writer : writers) {
    for (iceberg::DataFile& file : writer.TakeFiles()) written.push_back(std::move(file));
  }
  // By path, so that manifests do not depend on which thread wrote what.
  std::sort(written.begin(), written.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  files->Add(std::move(written));
  return status;
}

}  // namespace earthcatalog::rows
