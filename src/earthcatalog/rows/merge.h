// Data files merged into one sorted stream of their items.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/rows/data_files_reader.h"
#include "earthcatalog/rows/kept_rows.h"
#include "earthcatalog/rows/sort_rows.h"

namespace earthcatalog::rows {

struct MergeOptions {
  int64_t memory_bytes = 256LL << 20;
  std::string temporary_directory = {};  // existing and local; empty: the system's
};

// A run is held as one batch, whose texts of one column Arrow counts to 2^31 bytes.
inline constexpr int64_t kMaxRunBytes = int64_t{1} << 30;
// How many bytes of rows make a run.
int64_t RunBytes(const MergeOptions& options);

// One row of each item (collection and id) that any of the files has, of its newest version as NewestRows
// (newest_rows.h) says, and the rows without an id; in the order of files, (platform, datetime, collection,
// id), nulls last; conformed to the table's columns as they are written. The column `_ingested`, if the
// schema has it, says of each row what its file said before. The files are those of one partition: of rows of
// one item in several cells only one would be left.
//
// How: files that fit into one run are read once, and nothing is written. Larger ones are read twice, one
// after the other with those behind them under way. First the identities of all rows, to know which ones are
// superseded. Then the rows that are not, into *runs*: as many rows as fit, up to kMaxRunBytes, sorted (which
// costs little where files are sorted, and works where they are not) and written to a temporary file. At last
// the runs are merged, at most 128 at a time: where there are more, the smallest are merged first into
// another. Temporary files hold the rows once, compressed lightly, and twice where runs are merged
// beforehand; they have no names and so are gone with this object or the process.
//
// Memory: `memory_bytes`, of which less than half is taken while rows are given out, so that a writer has
// room (StreamOptionsWithin, data_files_writer.h); besides that what DataFilesReader takes while the files
// are read (16 MiB), and a bit for each row. Rows of small files count with kBatchDescriptionBytes a file. A
// process that does nothing else and takes 45 MiB for itself came to 236 MiB with a limit of 256 MiB, writer
// included, and to 180 with 128 (ten million rows in a thousand files). It should not be below 32 MiB: then
// runs become many. A single row counts as it is, however large.
//
// One thread at a time (the reading has threads of its own); useless after an error. Errors name the file or
// the temporary directory: a file that cannot be read or has changed meanwhile, a row that
// cannot be mended or changed, by its number in its file, a column that the table does
// not have, or in a type that does not fit, the disk.
class Merge {
 public:
  // Does all but the last merging. The files are reached as `table`, a place of the same table, is.
  static Result<std::unique_ptr<Merge>> Open(const io::Location& table, std::vector<MergeInput> files,
                                             TableColumns columns, const MergeOptions& options,
                                             const CancelSource& cancel);

  // Of the batches: those columns of the table that any of the rows has, and those that every file has.
  const std::shared_ptr<arrow::Schema>& schema() const { return rows_schema_; }
  // Null after the last.
  Result<std::shared_ptr<arrow::RecordBatch>> Next(const CancelSource& cancel);

  // Of the files, and of those the rows that are given out.
  int64_t input_rows() const { return input_rows_; }
  int64_t output_rows() const { return output_rows_; }
  // Runs that were written to temporary files.
  int64_t stored_runs() const { return stored_runs_; }

 private:
  Merge(const io::Location& table, std::vector<MergeInput> files, TableColumns columns,
        const MergeOptions& options);

  DataFilesReader ReadFiles(size_t first, const std::vector<std::string>& columns, int64_t keep_bytes);
  Result<bool> ReadOnce(const CancelSource& cancel);
  Status DescribeRows(const CancelSource& cancel);
  Status MakeRuns(const CancelSource& cancel);
  Status FinishDescribing();
  Status AddToRun(const RowsOfFiles& found);
  Result<std::shared_ptr<arrow::RecordBatchReader>> SortWaiting();
  Status StoreWaiting(const CancelSource& cancel);
  Status MergeSmallest(size_t count, const CancelSource& cancel);
  Status StartMerging(const CancelSource& cancel);

  const io::Location table_;
  const MergeOptions options_;
  KeptRows kept_;
  arrow::RecordBatchVector waiting_;  // for their run
  int64_t waiting_bytes_ = 0;
  std::vector<StoredRows> runs_;
  std::shared_ptr<arrow::Schema> rows_schema_;
  std::shared_ptr<arrow::RecordBatchReader> merged_;
  int64_t input_rows_ = 0, output_rows_ = 0, stored_runs_ = 0;
};

}  // namespace earthcatalog::rows
