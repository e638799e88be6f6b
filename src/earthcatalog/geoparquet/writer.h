// Rows to the bytes of one GeoParquet 1.1 file, with the figures an Iceberg manifest needs of it.
#pragma once

#include <arrow/buffer.h>
#include <arrow/table.h>

#include <memory>

#include "earthcatalog/base/status.h"
#include "earthcatalog/geoparquet/file_metrics.h"

namespace earthcatalog::geoparquet {

struct EncodedFile {
  std::shared_ptr<arrow::Buffer> bytes;
  FileMetrics metrics;
};

// One thread at a time; reuses its buffers from file to file, and stays usable after an error. Cheap for
// files of a few rows, of which there may be thousands; to be made once for a schema.
class Writer {
 public:
  virtual ~Writer() = default;

  // `rows` has the schema given to MakeWriter and at least one row. Rows are written in the order given.
  // Columns without a value are left out of the file, as used_columns.h says.
  // Errors: other columns, a geometry that is not WKB (named by its row), a null in a required column.
  virtual Result<EncodedFile> Write(const arrow::RecordBatch& rows) = 0;
};

// `schema` carries a field id on every field, nested ones too (key PARQUET:field_id), a `geometry` column of
// WKB and a `bbox` struct.
Result<std::unique_ptr<Writer>> MakeWriter(std::shared_ptr<arrow::Schema> schema);

}  // namespace earthcatalog::geoparquet
