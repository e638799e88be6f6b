// What the table's data files are called and where they lie: written by this program, read from tables and
// folders that anybody may have written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"
#include "earthcatalog/iceberg/data_file.h"

namespace earthcatalog::rows {

// Below the warehouse: grid_partition=<cell>/year=<YYYY|unknown>/part_<NNNNNN>_<token>.parquet. The cell's
// name can be a folder's (grid/cell_name.h), `token` is 8 lower-case hex digits, which no other write has.
std::string DataFilePath(std::string_view cell, std::optional<int> year, int64_t part_number,
                         std::string_view token);

// Whether a folder's name is that of a cell, or of a year in one: any, also versions' before that had "None"
// for "unknown".
bool IsCellFolder(std::string_view name);
bool IsYearFolder(std::string_view name);

// The partition of …/grid_partition=<cell>/year=<YYYY|unknown>/<name>, as this program (its first versions
// wrote None for unknown), PyIceberg and Spark name folders: percent-encoded, and with their words for a
// null. The two may be the other way round; folders further up say nothing, whatever their names are. A usage
// error for other paths.
Result<iceberg::Partition> PartitionOfPath(std::string_view uri);

struct DataFileName {
  int64_t part_number;
  std::string_view token;  // a part of the name; "" in a name as 0.6.1 gives it, part_<NNNNNN>.parquet
};

// The parts of a file's name, without folders. Nothing when it is none of these names to the last letter, and
// when the number is none that a part can have.
std::optional<DataFileName> ParseDataFileName(std::string_view name);

// The same of the last component of a path or URI.
std::optional<DataFileName> DataFileNameOf(std::string_view path);

}  // namespace earthcatalog::rows
