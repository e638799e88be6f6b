// One data file of any size, written in bounded memory.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>

#include "earthcatalog/geoparquet/stream_writer.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/io/atomic_output.h"

namespace earthcatalog::rows {

// Nothing is to be seen under the file's name before Finish(); when this is destroyed without it, or Finish()
// fails, nothing is left of the file. In an object store its parts are uploaded while rows come. Memory: what
// geoparquet::StreamWriter says; in an object store a part (10 MiB and more, as Arrow cuts them) and the
// bytes of one row group besides. One thread at a time; useless after an error. Errors name the file.
class DataFileWriter {
 public:
  // `schema` as geoparquet::MakeWriter takes it.
  static Result<std::unique_ptr<DataFileWriter>> Open(const io::Location& file, iceberg::Partition partition,
                                                      std::shared_ptr<arrow::Schema> schema,
                                                      const geoparquet::StreamOptions& options = {});

  // In the order of the file. All columns of `schema`.
  Status Write(std::shared_ptr<arrow::RecordBatch> rows);
  // geoparquet::StreamWriter::EstimatedBytes.
  Result<int64_t> EstimatedBytes() const { return writer_->EstimatedBytes(); }
  // The file is there as a whole, though on the disk for good only after io::SyncToDisk. At least one row.
  Result<iceberg::DataFile> Finish();

 private:
  DataFileWriter(io::Location file, iceberg::Partition partition)
      : file_(std::move(file)), partition_(std::move(partition)) {}

  const io::Location file_;
  iceberg::Partition partition_;
  std::unique_ptr<io::AtomicOutput> output_;
  std::unique_ptr<geoparquet::StreamWriter> writer_;
};

}  // namespace earthcatalog::rows
