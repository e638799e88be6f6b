#include "earthcatalog/geoparquet/stream_writer.h"

#include <arrow/array/concatenate.h>
#include <arrow/table.h>
#include <arrow/util/byte_size.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "earthcatalog/geoparquet/geo_metadata.h"
#include "earthcatalog/geoparquet/large_file.h"
#include "earthcatalog/geoparquet/leaf_columns.h"

namespace earthcatalog::geoparquet {
namespace {

// So many small batches become one: what Arrow needs to describe a hundred columns is 64 KiB each time.
constexpr size_t kSmallBatches = 64;
constexpr int64_t kSmallBatchBytes = 256 << 10;
// Of the bytes of items in memory, what dictionaries and zstd leave.
constexpr double kUsualPart = 0.25;
// The first rows, by which encodings are chosen.
constexpr int64_t kSampleRows = 1000;

class FileStream : public StreamWriter {
 public:
  FileStream(FileLayout layout, std::shared_ptr<arrow::io::OutputStream> sink, const StreamOptions& options)
      : layout_(std::move(layout)), sink_(std::move(sink)), options_(options) {
    for (const LeafColumn& leaf : layout_.leaves) statistics_.emplace_back(&leaf);
  }

  Status Write(std::shared_ptr<arrow::RecordBatch> rows) override {
    if (!rows->schema()->Equals(*layout_.schema, false)) {
      return Status::Invalid("the rows have other columns than the writer was made for");
    }
    ARROW_RETURN_NOT_OK(geometries_.Add(*rows, layout_));
    rows_ += rows->num_rows();
    waiting_rows_ += rows->num_rows();
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*rows));
    waiting_bytes_ += bytes;
    if (bytes < kSmallBatchBytes) {
      small_.push_back(std::move(rows));
      if (small_.size() == kSmallBatches) ARROW_RETURN_NOT_OK(Unite());
    } else {
      ARROW_RETURN_NOT_OK(Unite());
      waiting_.push_back(std::move(rows));
    }
    return waiting_rows_ < kRowGroupRows && waiting_bytes_ < options_.row_group_bytes ? Status::OK()
                                                                                      : Flush();
  }

  Result<int64_t> EstimatedBytes() const override {
    ARROW_ASSIGN_OR_RAISE(const int64_t written, sink_->Tell());
    const double part =
        written_bytes_ == 0 ? kUsualPart : static_cast<double>(written) / static_cast<double>(written_bytes_);
    return written + static_cast<int64_t>(part * static_cast<double>(waiting_bytes_));
  }

  Result<FileMetrics> Finish() override {
    if (waiting_rows_ > 0 || file_ == nullptr) ARROW_RETURN_NOT_OK(Flush());
    ARROW_ASSIGN_OR_RAISE(const FileBody body, file_->Finish(MetadataOf(geometries_, layout_)));
    FileMetrics metrics = MetricsOf(layout_, rows_, body, statistics_);
    metrics.boxes_hold = geometries_.boxes_hold();
    return metrics;
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> OneOf(const arrow::RecordBatchVector& batches) const {
    ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches(layout_.schema, batches));
    return table->CombineChunksToBatch();
  }

  Status Unite() {
    if (small_.empty()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(waiting_.emplace_back(), OneOf(std::exchange(small_, {})));
    return Status::OK();
  }

  Status Open() {
    arrow::RecordBatchVector first;
    int64_t rows = 0;
    for (size_t i = 0; i < waiting_.size() && rows < kSampleRows; ++i) {
      first.push_back(waiting_[i]->Slice(0, kSampleRows - rows));
      rows += first.back()->num_rows();
    }
    ARROW_ASSIGN_OR_RAISE(const auto sample, OneOf(first));
    return LargeFileWriter::Open(&layout_, *sample, /*page_index=*/true, sink_).Value(&file_);
  }

  // The rows that wait, as a row group. Column by column, so that they are never held twice as a whole.
  Status Flush() {
    ARROW_RETURN_NOT_OK(Unite());
    if (file_ == nullptr) ARROW_RETURN_NOT_OK(Open());
    if (waiting_rows_ == 0) return Status::OK();
    ARROW_RETURN_NOT_OK(sink_->Flush());
    std::vector<arrow::ArrayVector> columns(static_cast<size_t>(layout_.schema->num_fields()));
    for (const auto& batch : std::exchange(waiting_, {})) {
      for (size_t i = 0; i < columns.size(); ++i) columns[i].push_back(batch->column(static_cast<int>(i)));
    }
    ARROW_RETURN_NOT_OK(file_->BeginRowGroup());
    for (size_t i = 0; i < columns.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const auto column, arrow::Concatenate(std::exchange(columns[i], {})));
      const auto schema = arrow::schema({layout_.schema->field(static_cast<int>(i))});
      const auto rows = arrow::RecordBatch::Make(schema, waiting_rows_, {column});
      ARROW_RETURN_NOT_OK(file_->AddColumns(*rows, &statistics_));
      for (ColumnStatistics& leaf : statistics_) leaf.KeepTexts();
    }
    ARROW_RETURN_NOT_OK(file_->EndRowGroup());
    written_bytes_ += std::exchange(waiting_bytes_, 0);
    waiting_rows_ = 0;
    return Status::OK();
  }

  const FileLayout layout_;
  const std::shared_ptr<arrow::io::OutputStream> sink_;
  const StreamOptions options_;
  GeometrySummary geometries_;
  std::vector<ColumnStatistics> statistics_;
  arrow::RecordBatchVector waiting_, small_;  // the second come behind the first
  int64_t rows_ = 0, waiting_rows_ = 0;
  int64_t waiting_bytes_ = 0, written_bytes_ = 0;  // in memory
  std::unique_ptr<LargeFileWriter> file_;          // from the first row group on
};

}  // namespace

Result<std::unique_ptr<StreamWriter>> MakeStreamWriter(std::shared_ptr<arrow::Schema> schema,
                                                       std::shared_ptr<arrow::io::OutputStream> sink,
                                                       const StreamOptions& options) {
  ARROW_ASSIGN_OR_RAISE(FileLayout layout, MakeLayout(std::move(schema)));
  return std::make_unique<FileStream>(std::move(layout), std::move(sink), options);
}

}  // namespace earthcatalog::geoparquet
