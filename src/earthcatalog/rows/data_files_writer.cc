#include "earthcatalog/rows/data_files_writer.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/base/queue.h"
#include "earthcatalog/base/thread_group.h"

namespace earthcatalog::rows {

Status DataFilesWriter::Write(std::shared_ptr<arrow::RecordBatch> rows) {
  if (rows->num_rows() == 0) return Status::OK();
  if (file_ == nullptr) {
    place_ = target_.place(count_++);
    rows_ = 0;
    ARROW_ASSIGN_OR_RAISE(file_,
                          DataFileWriter::Open(place_, target_.partition, target_.schema, target_.stream));
  }
  if (target_.on_rows) ARROW_RETURN_NOT_OK(target_.on_rows(place_, rows_, *rows));
  rows_ += rows->num_rows();
  ARROW_RETURN_NOT_OK(file_->Write(std::move(rows)));
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes, file_->EstimatedBytes());
  return bytes < target_.file_bytes ? Status::OK() : Finish();
}

Status DataFilesWriter::Finish() {
  if (file_ == nullptr) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(iceberg::DataFile file, file_->Finish());
  file_.reset();
  std::vector<iceberg::DataFile> one;
  one.push_back(std::move(file));
  files_->Add(std::move(one));
  return Status::OK();
}

Status WriteMerged(Merge* rows, DataFilesTarget target, const CancelSource& cancel, UncommittedFiles* files) {
  DataFilesWriter writer(std::move(target), files);
  CancelSource stop;
  BoundedQueue<std::shared_ptr<arrow::RecordBatch>> batches("merged", 1, &stop);
  ThreadGroup threads(&stop);
  threads.Start([&]() -> Status {
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto batch, batches.Pop());
      if (!batch) return writer.Finish();
      ARROW_RETURN_NOT_OK(writer.Write(*std::move(batch)));
    }
  });
  const auto merge = [&]() -> Status {
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto batch, rows->Next(cancel));
      if (batch == nullptr) return Status::OK();
      ARROW_RETURN_NOT_OK(batches.Push(std::move(batch)));
    }
  };
  const Status merged = merge();
  if (merged.ok()) {
    batches.Close();
  } else {
    stop.Fail(merged);
  }
  threads.Join();
  return stop.status();
}

geoparquet::StreamOptions StreamOptionsWithin(int64_t memory_bytes) {
  constexpr int64_t kRowGroupPart = 10;
  geoparquet::StreamOptions options;
  options.row_group_bytes = std::min(options.row_group_bytes, memory_bytes / kRowGroupPart);
  return options;
}

}  // namespace earthcatalog::rows
