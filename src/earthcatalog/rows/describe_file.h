// What a manifest records of a data file, just written or there already.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/geoparquet/file_metrics.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/rows/data_file_reader.h"

namespace earthcatalog::rows {

iceberg::DataFile DescribeFile(std::string uri, iceberg::Partition partition, int64_t file_size,
                               geoparquet::FileMetrics metrics);

// The same for an existing Parquet file of any writer, reached as `table`, a place of the same table, is; its
// metrics as geoparquet::ReadMetrics says. `partition`: without one it is that of the path
// (data_file_name.h). Rows are not compared with it. Memory: the footer, and a page of one column; a file up
// to kSmallFileBytes is read in one request and held. Errors name the file.
Result<iceberg::DataFile> DescribeStoredFile(const io::Location& table, const StoredFile& file,
                                             const arrow::Schema& schema,
                                             std::optional<iceberg::Partition> partition = std::nullopt);

}  // namespace earthcatalog::rows
