// Rows of many small files, in one batch. What such a file costs Parquet's library is what each column costs,
// a dozen objects and a context of zstd, and then the same again to join its rows with those of others. This
// reader keeps what files of one schema have in common, decodes their pages itself, and makes arrays once.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "earthcatalog/base/status.h"
#include "earthcatalog/geoparquet/chunk_decoder.h"
#include "earthcatalog/geoparquet/file_shape.h"
#include "earthcatalog/geoparquet/leaf_tree.h"
#include "earthcatalog/geoparquet/small_file_footer.h"
#include "earthcatalog/geoparquet/used_columns.h"

namespace earthcatalog::geoparquet {

// One thread at a time. The rows are those that rows::DataFileReader has of the same files and
// rows::ConformRows makes of them.
class SmallFilesReader {
 public:
  // Files that take more than `limit` bytes in memory are refused: sizes in them are only claims. Errors:
  // those of a table that is nested too deep.
  static Result<std::unique_ptr<SmallFilesReader>> Make(std::shared_ptr<arrow::Schema> table, int64_t limit);

  // Appends the rows of a whole file. False, and no row appended, if it is not of a kind that this reads, or
  // is damaged: rows::DataFileReader reads it, or has the words for what is wrong with it. Known are files
  // whose columns the table has, by name, in its types but for smaller numbers and milliseconds, uncompressed
  // or with zstd or snappy, in plain encoding or with dictionaries.
  bool Append(std::string_view file);

  // Appended since Finish(). The bytes, of memory, are no more than an estimate.
  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }

  // What was appended, in the order of Append(), in those columns of the table that PresentColumns has of the
  // files' schemas. The reader is empty then; after an error (of memory) it is useless.
  Result<std::shared_ptr<arrow::RecordBatch>> Finish();

 private:
  struct KnownShape {
    std::unique_ptr<const FileShape> shape;  // null: not to be read here
    bool present = false;                    // its columns are among `present_`
  };

  SmallFilesReader(std::shared_ptr<arrow::Schema> table, int64_t limit, LeafTree tree, ChunkDecoder decoder);

  KnownShape* ShapeOf();
  bool Prepare(const FileShape& shape);
  bool AppendRows(const FileShape& shape);
  bool AppendAbsent(const FileShape& shape);
  void Rewind(const FileShape& shape);

  const std::shared_ptr<arrow::Schema> table_;
  const int64_t limit_;
  LeafTree tree_;
  ChunkDecoder decoder_;
  std::unordered_map<std::string, KnownShape> shapes_;  // by what the footer says of the schema
  std::string shape_key_;
  SmallFileFooter footer_;
  FileAllowance allowance_;
  PresentColumns present_;
  int64_t rows_ = 0, bytes_ = 0;
};

}  // namespace earthcatalog::geoparquet
