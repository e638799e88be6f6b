#include "earthcatalog/geoparquet/stream_writer.h"

#include <arrow/table.h>
#include <arrow/util/byte_size.h>

#include <utility>
#include <vector>

#include "earthcatalog/geoparquet/geo_metadata.h"
#include "earthcatalog/geoparquet/large_file.h"
#include "earthcatalog/geoparquet/leaf_columns.h"

namespace earthcatalog::geoparquet {
namespace {

// Wide items fill a row group by their size before they do by their number.
constexpr int64_t kRowGroupBytes = 128LL << 20;
// So many small batches become one: what Arrow needs to describe a hundred columns is 64 KiB each time.
constexpr size_t kSmallBatches = 64;
constexpr int64_t kSmallBatchBytes = 256 << 10;

class FileStream : public StreamWriter {
 public:
  FileStream(FileLayout layout, std::shared_ptr<arrow::io::OutputStream> sink)
      : layout_(std::move(layout)), sink_(std::move(sink)) {}

  Status Write(std::shared_ptr<arrow::RecordBatch> rows) override {
    if (!rows->schema()->Equals(*layout_.schema, false)) {
      return Status::Invalid("the rows have other columns than the writer was made for");
    }
    ARROW_RETURN_NOT_OK(geometries_.Add(*rows->column_data(layout_.geometry)));
    waiting_rows_ += rows->num_rows();
    const int64_t bytes = arrow::util::TotalBufferSize(*rows);
    waiting_bytes_ += bytes;
    if (bytes < kSmallBatchBytes) {
      small_.push_back(std::move(rows));
      if (small_.size() == kSmallBatches) ARROW_RETURN_NOT_OK(Unite());
    } else {
      ARROW_RETURN_NOT_OK(Unite());
      waiting_.push_back(std::move(rows));
    }
    return waiting_rows_ < kRowGroupRows && waiting_bytes_ < kRowGroupBytes ? Status::OK() : Flush();
  }

  Status Finish() override {
    if (waiting_rows_ > 0 || file_ == nullptr) ARROW_RETURN_NOT_OK(Flush());
    return file_->Finish(MetadataOf(geometries_, layout_)).status();
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> OneOf(arrow::RecordBatchVector batches) const {
    ARROW_ASSIGN_OR_RAISE(const auto table, arrow::Table::FromRecordBatches(layout_.schema, batches));
    return table->CombineChunksToBatch();
  }

  Status Unite() {
    if (small_.empty()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(waiting_.emplace_back(), OneOf(std::exchange(small_, {})));
    return Status::OK();
  }

  // The rows that wait, as a row group.
  Status Flush() {
    ARROW_RETURN_NOT_OK(Unite());
    ARROW_ASSIGN_OR_RAISE(const auto rows, OneOf(std::exchange(waiting_, {})));
    waiting_rows_ = waiting_bytes_ = 0;
    if (file_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(file_, LargeFileWriter::Open(&layout_, *rows, /*page_index=*/true, sink_));
    }
    return rows->num_rows() == 0 ? Status::OK() : file_->AddRowGroup(*rows, /*statistics=*/nullptr);
  }

  const FileLayout layout_;
  const std::shared_ptr<arrow::io::OutputStream> sink_;
  GeometrySummary geometries_;
  arrow::RecordBatchVector waiting_, small_;  // the second come behind the first
  int64_t waiting_rows_ = 0, waiting_bytes_ = 0;
  std::unique_ptr<LargeFileWriter> file_;  // from the first row group on
};

}  // namespace

Result<std::unique_ptr<StreamWriter>> MakeStreamWriter(std::shared_ptr<arrow::Schema> schema,
                                                       std::shared_ptr<arrow::io::OutputStream> sink) {
  ARROW_ASSIGN_OR_RAISE(FileLayout layout, MakeLayout(std::move(schema)));
  return std::make_unique<FileStream>(std::move(layout), std::move(sink));
}

}  // namespace earthcatalog::geoparquet
