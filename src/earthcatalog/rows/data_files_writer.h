// A stream of rows to data files of a partition.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/rows/data_file_writer.h"
#include "earthcatalog/rows/merge.h"
#include "earthcatalog/rows/write_files.h"

namespace earthcatalog::rows {

struct DataFilesTarget {
  std::shared_ptr<arrow::Schema> schema;  // of the rows
  iceberg::Partition partition;
  // Where the n-th file goes, n = 0, 1, …; one after the other.
  std::function<io::Location(size_t n)> place;
  // A file ends when it has about so many bytes, by what its writer estimates: it is a batch larger at most.
  int64_t file_bytes = 512LL << 20;
  geoparquet::StreamOptions stream = {};
  // Called with all that is written: the file, and the rows from this one on. An error ends the writing.
  std::function<Status(const io::Location& file, int64_t first, const arrow::RecordBatch& rows)> on_rows = {};
};

// Writes one file after the other. Memory: as DataFileWriter. One thread at a time; useless after an error.
class DataFilesWriter {
 public:
  // Files are added to `files`, which outlives this, as soon as they are complete; of one that is not nothing
  // is left.
  DataFilesWriter(DataFilesTarget target, UncommittedFiles* files)
      : target_(std::move(target)), files_(files) {}

  Status Write(std::shared_ptr<arrow::RecordBatch> rows);
  // Completes the last file. Without rows there is none.
  Status Finish();

 private:
  const DataFilesTarget target_;
  UncommittedFiles* const files_;
  std::unique_ptr<DataFileWriter> file_;  // the one being written
  io::Location place_;                    // where
  int64_t rows_ = 0;                      // in it
  size_t count_ = 0;
};

// What is left of `rows` to files, which are written in a thread of their own. `target.schema` is that of the
// rows. Memory: as Merge and DataFileWriter, and two batches between them.
Status WriteMerged(Merge* rows, DataFilesTarget target, const CancelSource& cancel, UncommittedFiles* files);

// How to write a merge's files within its memory limit: row groups that leave room for the merging.
geoparquet::StreamOptions StreamOptionsWithin(int64_t memory_bytes);

}  // namespace earthcatalog::rows
