// Rows of one data file.
#pragma once

#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <parquet/arrow/reader.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/iceberg/pruner.h"
#include "earthcatalog/io/location.h"
#include "earthcatalog/rows/row_ranges.h"

namespace earthcatalog::rows {

// A data file as its table names it.
struct StoredFile {
  std::string uri;
  int64_t size = -1;                               // negative: not known, so it is asked for
  std::shared_ptr<arrow::Buffer> bytes = nullptr;  // all of it, where somebody has it already
};

// Files up to this size are read as a whole, in one request.
inline constexpr int64_t kSmallFileBytes = 1 << 20;

// The bytes of a small file of known size, reached as `table`, a place of the same table, is. Null for
// others. Errors name the file.
Result<std::shared_ptr<arrow::Buffer>> ReadSmallFile(const io::Location& table, const StoredFile& file);

// Neighbouring rows of a file; `rows` is null after the last.
struct RowsInFile {
  std::shared_ptr<arrow::RecordBatch> rows;
  int64_t first = 0;  // their place in the file
};

// Arrow's description of a batch, which comes beside the bytes of its rows: about, for a hundred columns.
// Where small batches wait it is most of what they take.
inline constexpr int64_t kBatchDescriptionBytes = 64 << 10;

// Reads a file batch by batch, in the order of its rows, its columns as item_columns.h says. A batch is about
// 2 MiB, or one row where that is more. Memory: a batch, the pages that it is made of, and of a file in an
// object store what the columns of one row group take in it. One thread at a time.
class DataFileReader {
 public:
  // `columns`: top-level names, those that the file has are read; empty for all. `wanted`: ascending rows of
  // the file, which outlive the reader; batches without one of them are passed over, and row groups without
  // one are not read. Null for all. With `pruner` the same holds of rows that cannot fit what it searches
  // for, by the file's statistics: those that come beside others may not fit either. Errors name the file.
  static Result<DataFileReader> Open(const io::Location& table, const StoredFile& file,
                                     const std::vector<std::string>& columns = {},
                                     const std::vector<uint32_t>* wanted = nullptr,
                                     const iceberg::Pruner* pruner = nullptr);

  // Errors name the file; kCorrupt when it ends before a row that is wanted.
  Result<RowsInFile> Next();
  // Whether Next() has no more rows: it reads nothing.
  bool AtEnd() const { return !Wants(next_row_, rows_); }

  // What a batch takes, about, and at most the pages: the footer knows what columns are before compression.
  int64_t batch_bytes() const { return batch_bytes_; }
  int64_t page_bytes() const { return page_bytes_; }

 private:
  DataFileReader() = default;

  Status PlanBatches();
  Result<RowsInFile> NextWanted();
  // Whether one of the rows [begin, end) is to be read.
  bool Wants(int64_t begin, int64_t end) const;

  std::string uri_;
  const std::vector<uint32_t>* wanted_ = nullptr;
  std::vector<RowRange> possible_;  // rows that may fit
  std::vector<int> leaves_;
  std::vector<int64_t> batch_rows_;  // of each row group
  int64_t batch_bytes_ = 0, page_bytes_ = 0;
  std::unique_ptr<parquet::arrow::FileReader> file_;   // outlives the batches' reader
  int row_group_ = 0;                                  // the next one
  std::unique_ptr<arrow::RecordBatchReader> batches_;  // of the row group before it
  int64_t next_row_ = 0, group_end_ = 0, rows_ = 0;
};

}  // namespace earthcatalog::rows
