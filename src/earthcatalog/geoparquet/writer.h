// Rows to the bytes of one GeoParquet 1.1 file, with the figures an Iceberg manifest needs of it.
#pragma once

#include <arrow/buffer.h>
#include <arrow/table.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::geoparquet {

// What a manifest says of one leaf column outside lists. Bounds are in Parquet's plain encoding, which is
// Iceberg's single-value form for these types: little-endian numbers, UTF-8 text.
struct ColumnMetrics {
  int field_id;
  int64_t compressed_bytes;
  int64_t value_count;    // rows
  int64_t null_count;     // of the leaf, a null parent counts
  int64_t nan_count = 0;  // floating point columns only
  // Only for columns that the contract gives bounds to. Text is cut to 16 code points, the upper bound
  // rounded up; no upper bound when it cannot be. NaN is left out.
  std::optional<std::string> lower;
  std::optional<std::string> upper;
};

struct EncodedFile {
  std::shared_ptr<arrow::Buffer> bytes;
  int64_t record_count;
  std::vector<ColumnMetrics> columns;
  std::vector<int64_t> split_offsets;
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
