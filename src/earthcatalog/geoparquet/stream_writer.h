// One GeoParquet file whose rows come in parts, as many as there are.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>

#include "earthcatalog/base/status.h"
#include "earthcatalog/geoparquet/file_metrics.h"

namespace earthcatalog::geoparquet {

struct StreamOptions {
  // Rows of a row group, in memory; wide ones fill it by their size before they do by their number (65,536).
  int64_t row_group_bytes = 128LL << 20;
};

// One thread at a time; useless after an error. Memory: the rows of one row group, `row_group_bytes` and what
// the last Write() brings beyond that; while it is written, its widest column once more, as it was and as it
// is encoded.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;

  // `rows` has the schema given to MakeStreamWriter. All its columns are in the file, whether they have a
  // value or not.
  virtual Status Write(std::shared_ptr<arrow::RecordBatch> rows) = 0;

  // What the file would have if it ended now, about: what waits for its row group counts by how much smaller
  // the groups before it became, and a quarter when it is the first.
  virtual Result<int64_t> EstimatedBytes() const = 0;

  // What is left, and the footer. `sink` stays open. Without rows it is a file of none. The metrics are those
  // that Writer (writer.h) gives for the same rows in the same columns.
  virtual Result<FileMetrics> Finish() = 0;
};

// `schema` as for MakeWriter (writer.h). `sink` is flushed before each row group, so that of a stream that
// sends in the background no more than one row group waits.
Result<std::unique_ptr<StreamWriter>> MakeStreamWriter(std::shared_ptr<arrow::Schema> schema,
                                                       std::shared_ptr<arrow::io::OutputStream> sink,
                                                       const StreamOptions& options = {});

}  // namespace earthcatalog::geoparquet
