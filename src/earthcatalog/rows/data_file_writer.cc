#include "earthcatalog/rows/data_file_writer.h"

#include <utility>

#include "earthcatalog/rows/describe_file.h"

namespace earthcatalog::rows {

Result<std::unique_ptr<DataFileWriter>> DataFileWriter::Open(const io::Location& file,
                                                             iceberg::Partition partition,
                                                             std::shared_ptr<arrow::Schema> schema,
                                                             const geoparquet::StreamOptions& options) {
  std::unique_ptr<DataFileWriter> writer(new DataFileWriter(file, std::move(partition)));
  ARROW_ASSIGN_OR_RAISE(writer->output_, io::AtomicOutput::Open(file));
  ARROW_ASSIGN_OR_RAISE(writer->writer_,
                        geoparquet::MakeStreamWriter(std::move(schema), writer->output_->stream(), options));
  return writer;
}

Status DataFileWriter::Write(std::shared_ptr<arrow::RecordBatch> rows) {
  return WithContext(writer_->Write(std::move(rows)), "cannot write " + io::NameForMessages(file_.name()));
}

Result<iceberg::DataFile> DataFileWriter::Finish() {
  const auto finish = [&]() -> Result<iceberg::DataFile> {
    ARROW_ASSIGN_OR_RAISE(geoparquet::FileMetrics metrics, writer_->Finish());
    if (metrics.record_count == 0) return Status::Invalid("a data file needs at least one row");
    ARROW_ASSIGN_OR_RAISE(const int64_t size, output_->stream()->Tell());
    return DescribeFile(file_.uri, std::move(partition_), size, std::move(metrics));
  };
  auto file = finish();
  if (!file.ok()) return WithContext(file.status(), "cannot write " + io::NameForMessages(file_.name()));
  ARROW_RETURN_NOT_OK(output_->Commit());
  return file;
}

}  // namespace earthcatalog::rows
