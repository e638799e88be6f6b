// Rows of one data file.
#pragma once

#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>

#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::catalog {

// Reads a file batch by batch, in the order of its rows, its columns as item_columns.h says. One thread at a
// time.
class DataFileReader {
 public:
  // `uri`: as the table names it, reached as `table`, a place of the same table, is. `columns`: top-level
  // names, those that the file has are read; empty for all. Errors name the file.
  static Result<DataFileReader> Open(const io::Location& table, const std::string& uri,
                                     const std::vector<std::string>& columns = {});

  // Null after the last. Errors name the file.
  Result<std::shared_ptr<arrow::RecordBatch>> Next();

 private:
  DataFileReader() = default;

  std::string uri_;
  std::unique_ptr<parquet::arrow::FileReader> file_;  // outlives the batches' reader
  std::unique_ptr<arrow::RecordBatchReader> batches_;
};

}  // namespace earthcatalog::catalog
