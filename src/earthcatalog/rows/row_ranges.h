// Which rows of a Parquet file may fit a search, by what the file says of its row groups and pages.
#pragma once

#include <cstdint>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/iceberg/pruner.h"

namespace parquet {
class ParquetFileReader;
}

namespace earthcatalog::rows {

struct RowRange {
  int64_t begin, end;
};

// Ascending, none of them empty, with gaps between them. Reads the page index of row groups that may hold a
// match, where they have one. Columns are known by their names, for older files have no ids; of those that
// the file lacks, or has in another type, nothing is known, nor of its boxes unless it says that they hold
// (kBoxRuleKey, geoparquet/geo_metadata.h).
Result<std::vector<RowRange>> RowsThatMayMatch(parquet::ParquetFileReader* file,
                                               const iceberg::Pruner& pruner);

}  // namespace earthcatalog::rows
