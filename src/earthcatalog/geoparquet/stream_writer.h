// One GeoParquet file whose rows come in parts, as many as there are.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>

#include <memory>

#include "earthcatalog/base/status.h"

namespace earthcatalog::geoparquet {

// One thread at a time; useless after an error. Memory: the rows of one row group, 128 MiB at most, and for a
// moment before it is written a copy of them.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;

  // `rows` has the schema given to MakeStreamWriter.
  virtual Status Write(std::shared_ptr<arrow::RecordBatch> rows) = 0;

  // What is left, and the footer. `sink` stays open. Without rows it is a file of none.
  virtual Status Finish() = 0;
};

// `schema` as for MakeWriter (writer.h).
Result<std::unique_ptr<StreamWriter>> MakeStreamWriter(std::shared_ptr<arrow::Schema> schema,
                                                       std::shared_ptr<arrow::io::OutputStream> sink);

}  // namespace earthcatalog::geoparquet
