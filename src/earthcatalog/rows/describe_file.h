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

// The partition of …/grid_partition=<cell>/year=<YYYY|unknown>/<name>, as this program (its first versions
// wrote None for unknown), PyIceberg and Spark name folders: percent-encoded, and with their words for a
// null. The two may be the other way round; folders
// further up say nothing, whatever their names are. A usage error for other paths.
Result<iceberg::Partition> PartitionOfPath(std::string_view uri);

// The same for an existing Parquet file of any writer, reached as `table`, a place of the same table, is; its
// metrics as geoparquet::ReadMetrics says. `partition`: without one it is that of the path. Rows are not
// compared with it. Memory: the footer, and a page of one column; a file up to kSmallFileBytes is read in one
// request and held. Errors name the file.
Result<iceberg::DataFile> DescribeStoredFile(const io::Location& table, const StoredFile& file,
                                             const arrow::Schema& schema,
                                             std::optional<iceberg::Partition> partition = std::nullopt);

}  // namespace earthcatalog::rows
