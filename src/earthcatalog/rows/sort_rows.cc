#include "earthcatalog/rows/sort_rows.h"

#include <arrow/array/array_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/compression.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "earthcatalog/rows/sort_key.h"

namespace earthcatalog::rows {
namespace {

// Begins of the ascending stretches, and the end of the last.
std::vector<size_t> StretchesOf(const FileOrder& order, int64_t rows) {
  std::vector<size_t> bounds = {0};
  for (int64_t row = 1; row < rows; ++row) {
    if (order.Compare(row - 1, row) > 0) bounds.push_back(static_cast<size_t>(row));
  }
  bounds.push_back(static_cast<size_t>(rows));
  return bounds;
}

// Merges neighbouring stretches until there is one.
std::vector<uint32_t> MergeStretches(const FileOrder& order, std::vector<size_t> bounds) {
  const auto less = [&](uint32_t a, uint32_t b) { return order.Compare(a, b) < 0; };
  std::vector<uint32_t> rows(bounds.back()), merged(bounds.back());
  std::iota(rows.begin(), rows.end(), 0U);
  const auto at = [&](size_t bound) { return rows.begin() + static_cast<std::ptrdiff_t>(bounds[bound]); };
  while (bounds.size() > 2) {
    std::vector<size_t> next = {0};
    auto out = merged.begin();
    for (size_t i = 0; i + 1 < bounds.size(); i += 2) {
      const size_t end = std::min(i + 2, bounds.size() - 1);
      out = std::merge(at(i), at(i + 1), at(i + 1), at(end), out, less);
      next.push_back(bounds[end]);
    }
    rows.swap(merged);
    bounds = std::move(next);
  }
  return rows;
}

class SortedReader : public arrow::RecordBatchReader {
 public:
  // Empty `order`: they are sorted.
  SortedReader(std::shared_ptr<arrow::RecordBatch> rows, std::vector<uint32_t> order, int64_t batch_rows)
      : rows_(std::move(rows)), order_(std::move(order)), batch_rows_(batch_rows) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    const int64_t count = std::min(batch_rows_, rows_->num_rows() - next_);
    const int64_t first = std::exchange(next_, next_ + count);
    batch->reset();
    if (count == 0) return Status::OK();
    if (order_.empty()) {
      *batch = rows_->Slice(first, count);
      return Status::OK();
    }
    const arrow::UInt32Array wanted(count,
                                    arrow::Buffer::Wrap(order_.data() + first, static_cast<size_t>(count)));
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum taken,
                          arrow::compute::Take(rows_, arrow::Datum(wanted.data()),
                                               arrow::compute::TakeOptions::NoBoundsCheck()));
    *batch = taken.record_batch();
    return Status::OK();
  }

 private:
  const std::shared_ptr<arrow::RecordBatch> rows_;
  const std::vector<uint32_t> order_;
  const int64_t batch_rows_;
  int64_t next_ = 0;
};

arrow::ipc::IpcWriteOptions WriteOptions() {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  if (arrow::util::Codec::IsAvailable(arrow::Compression::LZ4_FRAME)) {
    options.codec = arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME).ValueOr(nullptr);
  }
  return options;
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> SortRows(std::shared_ptr<arrow::RecordBatch> rows,
                                                           int64_t batch_bytes) {
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*rows));
  const int64_t count = std::max<int64_t>(rows->num_rows(), 1);
  const int64_t batch_rows = std::max<int64_t>(batch_bytes / (bytes / count + 1), 1);
  const FileOrder order(*rows);
  std::vector<size_t> stretches = StretchesOf(order, rows->num_rows());
  std::vector<uint32_t> sorted;
  if (stretches.size() > 2) sorted = MergeStretches(order, std::move(stretches));
  return std::make_shared<SortedReader>(std::move(rows), std::move(sorted), batch_rows);
}

Result<StoredRows> StoredRows::Write(arrow::RecordBatchReader* rows, const std::string& temporary_directory,
                                     const CancelSource& cancel) {
  ARROW_ASSIGN_OR_RAISE(io::TemporaryFile file, io::TemporaryFile::Make(temporary_directory));
  StoredRows stored(std::move(file));
  const auto& output = stored.file_.output();
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        arrow::ipc::MakeStreamWriter(output, rows->schema(), WriteOptions()));
  while (true) {
    if (cancel.stopped()) return cancel.status();
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next());
    if (batch == nullptr) break;
    ARROW_RETURN_NOT_OK(stored.file_.Explain(writer->WriteRecordBatch(*batch)));
  }
  ARROW_RETURN_NOT_OK(stored.file_.Explain(writer->Close()));
  ARROW_ASSIGN_OR_RAISE(stored.bytes_, output->Tell());
  return stored;
}

Result<std::shared_ptr<arrow::RecordBatchReader>> StoredRows::Read() {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::io::InputStream> input, file_.Read());
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  return arrow::ipc::RecordBatchStreamReader::Open(std::move(input), options);
}

}  // namespace earthcatalog::rows
