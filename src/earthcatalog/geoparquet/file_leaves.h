// Which column of the table each leaf of an existing file is, whoever wrote the file.
#pragma once

#include <arrow/type.h>
#include <parquet/schema.h>

#include <optional>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/geoparquet/leaf_columns.h"

namespace earthcatalog::geoparquet {

struct FileLeaf {
  int column;       // in the file
  LeafColumn leaf;  // its type and field id are the table's
  bool is_unsigned = false;
  std::optional<parquet::LogicalType::TimeUnit::unit> unit = std::nullopt;  // of instants
};

// The leaves outside lists that the table knows, in the file's order: by field id, or, in a file without any,
// by name. Errors (kCorrupt) name a column that cannot be read as the table's type.
Result<std::vector<FileLeaf>> MatchLeaves(const parquet::SchemaDescriptor& file, const arrow::Schema& table);

}  // namespace earthcatalog::geoparquet
