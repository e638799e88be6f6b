// Files of many rows, by Parquet's own library: row groups, dictionaries, zstd, page index.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <parquet/file_writer.h>

#include <memory>
#include <vector>

#include "earthcatalog/geoparquet/file_body.h"

namespace earthcatalog::geoparquet {

// Rows of one row group, and the fewest rows for which a page index is worth its bytes.
inline constexpr int64_t kRowGroupRows = 65'536;
inline constexpr int64_t kPageIndexRows = 20'000;

// One file, row group by row group. One thread at a time; useless after an error.
class LargeFileWriter {
 public:
  // Chooses each column's encoding by the first rows of `sample`. `layout` must outlive the writer.
  static Result<std::unique_ptr<LargeFileWriter>> Open(const FileLayout* layout,
                                                       const arrow::RecordBatch& sample, bool page_index,
                                                       const std::shared_ptr<arrow::io::OutputStream>& sink);

  // Adds to `statistics`, one for each leaf.
  Status AddRowGroup(const arrow::RecordBatch& rows, std::vector<ColumnStatistics>* statistics);
  // The same in steps: top-level columns in their order, in as many portions as one likes.
  Status BeginRowGroup();
  Status AddColumns(const arrow::RecordBatch& columns, std::vector<ColumnStatistics>* statistics);
  Status EndRowGroup();

  // Writes the footer; the sink stays open. `bytes` of the body is null: they went to the sink.
  Result<FileBody> Finish(const FileMetadata& metadata);

 private:
  explicit LargeFileWriter(const FileLayout* layout) : layout_(layout) {}

  const FileLayout* const layout_;
  LeafWalker walker_;
  std::unique_ptr<parquet::ParquetFileWriter> file_;
  parquet::RowGroupWriter* row_group_ = nullptr;  // the file's
  size_t next_leaf_ = 0;                          // of the row group
};

// Bytes of each leaf and split offsets, as the footer tells them.
FileBody BodyOf(const parquet::FileMetaData& footer);

// A whole file in memory.
Result<FileBody> EncodeLargeFile(const FileLayout& layout, const arrow::RecordBatch& rows,
                                 const FileMetadata& metadata, std::vector<ColumnStatistics>* statistics);

}  // namespace earthcatalog::geoparquet
