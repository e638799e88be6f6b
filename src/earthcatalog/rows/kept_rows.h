// Of the rows of data files those that a merge keeps, as it keeps them.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/geoparquet/used_columns.h"
#include "earthcatalog/rows/data_file_reader.h"
#include "earthcatalog/rows/newest_rows.h"

namespace earthcatalog::rows {

struct MergeInput {
  StoredFile file;
  int64_t sequence_number = 0;  // of the commit that brought its rows
  // Of each row whether it is left out, besides those that are superseded; null for none. Outlives the merge.
  const std::vector<bool>* left_out = nullptr;
  bool boxes_hold = true;  // else they are mended (item/mend_boxes.h)
  uint32_t partition = 0;  // any number that is the partition's own
};

// A table's columns: as files have them, or narrower, and as rows are to be written. They differ in the types
// of columns that are changed (item/change_types.h); files may have these in either type.
struct TableColumns {
  // No column is changed.
  TableColumns(std::shared_ptr<arrow::Schema> schema) : stored(schema), written(std::move(schema)) {}
  TableColumns(std::shared_ptr<arrow::Schema> stored_columns, std::shared_ptr<arrow::Schema> written_columns)
      : stored(std::move(stored_columns)), written(std::move(written_columns)) {}

  std::set<std::string> Changed() const;

  std::shared_ptr<arrow::Schema> stored, written;
};

// Neighbouring rows of a file.
struct Stretch {
  size_t file;
  int64_t first, count;
};

// Rows as read, and whose they are: one stretch after the other.
struct RowsOfFiles {
  std::shared_ptr<arrow::RecordBatch> rows;
  std::vector<Stretch> stretches;
};

// First the rows of all files are described, then they are kept or not, in any order. Memory: NewestRows. One
// thread at a time; useless after an error. Errors name the file: a column that the table does not have, or
// in a type that does not fit, a row that cannot be mended or changed, by its number, a file that has become
// longer.
class KeptRows {
 public:
  // `memory_bytes` and `temporary_directory`: of NewestRows.
  KeptRows(std::vector<MergeInput> files, TableColumns columns, int64_t memory_bytes,
           std::string temporary_directory);

  // By partition, and in it in the order in which they were ingested. By this order they have their numbers.
  std::vector<MergeInput>& files() { return files_; }

  // Rows of one file come in their order. `rows` may lack columns, but not IdentityColumns.
  Status Describe(const RowsOfFiles& rows);
  int64_t described_rows(size_t file) const { return newest_->row_count(file); }
  Status FinishDescribing();
  int64_t described_rows() const { return described_rows_; }  // after that

  // Of rows that were described, all of files whose boxes hold or all of others, those that no newer version
  // of their item supersedes and that nobody wants left out, in the columns that their files have, as the
  // table has them. Null where none is kept. `places`: theirs in `rows`.
  Result<std::shared_ptr<arrow::RecordBatch>> Keep(const RowsOfFiles& rows,
                                                   std::shared_ptr<arrow::Int64Array>* places);
  // No more rows come: what is known of them is given back.
  void FinishKeeping() { newest_.reset(); }

  // Those columns of the table that any of the kept rows has, and those that every file has.
  std::shared_ptr<arrow::Schema> schema() const { return present_.Of(*columns_.written); }

 private:
  Result<std::shared_ptr<arrow::Int64Array>> PlacesOfKept(const RowsOfFiles& rows) const;
  Result<std::shared_ptr<arrow::RecordBatch>> WithIngested(const RowsOfFiles& rows) const;
  Result<std::shared_ptr<arrow::RecordBatch>> Conformed(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                        bool boxes_hold);
  std::shared_ptr<arrow::Schema> ConformedSchema(const arrow::Schema& rows, bool boxes_hold) const;

  // Changes rows one by one; its errors name the row, by the number that it is told.
  using Change = std::function<Result<std::shared_ptr<arrow::RecordBatch>>(
      const std::shared_ptr<arrow::RecordBatch>& rows, const std::function<int64_t(int64_t row)>& number_of)>;
  Result<std::shared_ptr<arrow::RecordBatch>> WithChange(const std::shared_ptr<arrow::RecordBatch>& kept,
                                                         const RowsOfFiles& rows,
                                                         const arrow::Int64Array& places,
                                                         const Change& change) const;

  std::vector<MergeInput> files_;
  const TableColumns columns_;
  const std::set<std::string> changed_;  // of them
  std::optional<NewestRows> newest_;     // its numbers of files are those of `files_`
  int64_t described_rows_ = 0;
  geoparquet::PresentColumns present_;
  std::shared_ptr<arrow::Schema> file_schema_, conformed_schema_;  // of the last batch, before and after
  bool boxes_hold_ = true;                                         // of its files
};

}  // namespace earthcatalog::rows
