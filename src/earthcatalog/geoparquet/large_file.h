// Files of many rows, by Parquet's own library: row groups, dictionaries, zstd, page index.
#pragma once

#include <arrow/record_batch.h>

#include "earthcatalog/geoparquet/file_body.h"

namespace earthcatalog::geoparquet {

// Rows of one row group, and the fewest rows for which a page index is worth its bytes.
inline constexpr int64_t kRowGroupRows = 65'536;
inline constexpr int64_t kPageIndexRows = 20'000;

// Adds to `statistics`, one for each leaf.
Result<FileBody> EncodeLargeFile(const FileLayout& layout, const arrow::RecordBatch& rows,
                                 const FileMetadata& metadata, LeafWalker* walker,
                                 std::vector<ColumnStatistics>* statistics);

}  // namespace earthcatalog::geoparquet
