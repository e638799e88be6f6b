// Rows in the order of files, in memory and in temporary files.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <string>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/io/temporary_file.h"

namespace earthcatalog::rows {

// The rows in file order (FileOrder, sort_key.h), equal ones as they come, in batches of about `batch_bytes`.
// Fast for rows that consist of few sorted stretches. What is sorted already is not copied; else each batch
// is, when it is asked for. Holds `rows`, and 8 bytes for each.
Result<std::shared_ptr<arrow::RecordBatchReader>> SortRows(std::shared_ptr<arrow::RecordBatch> rows,
                                                           int64_t batch_bytes);

// Rows in a temporary file, compressed lightly.
class StoredRows {
 public:
  // Takes all that `rows` gives. Memory: two batches of it.
  static Result<StoredRows> Write(arrow::RecordBatchReader* rows, const std::string& temporary_directory,
                                  const CancelSource& cancel);

  // The batches as they came; to be called once. The file lives as long as what is returned. Memory: two
  // batches.
  Result<std::shared_ptr<arrow::RecordBatchReader>> Read();
  // In the file.
  int64_t bytes() const { return bytes_; }

 private:
  explicit StoredRows(io::TemporaryFile file) : file_(std::move(file)) {}

  io::TemporaryFile file_;
  int64_t bytes_ = 0;
};

}  // namespace earthcatalog::rows
