// Small files of many partitions, merged at once.
//
// A table that grows every day has thousands of partitions of a few tiny files each. What it costs to merge
// those of one partition is what a hundred columns cost at each step, however few their rows are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/rows/fan_out.h"
#include "earthcatalog/rows/kept_rows.h"

namespace earthcatalog::rows {

struct MergedSmallFiles {
  // Of those columns that any of the rows has, and those that every file has; with grid_partition.
  std::shared_ptr<arrow::Schema> schema;
  // A group for each partition that has rows left, in the order of partitions; a group's cell is the number
  // of its partition.
  FannedOut rows;
};

// The rows that Merge (merge.h) would give of the files of each partition; `MergeInput::partition` is the
// place in `partitions`. Rows of an older version go also where the newer one is in another of these
// partitions. Files of at most kSmallFileBytes of known size, reached as `table` is, whose bytes are all
// held; nothing when their rows take more than `memory_bytes` besides. Errors: as Merge.
Result<std::optional<MergedSmallFiles>> MergeSmallFiles(const io::Location& table,
                                                        std::vector<MergeInput> files,
                                                        const std::vector<iceberg::Partition>& partitions,
                                                        TableColumns columns, int64_t memory_bytes,
                                                        const CancelSource& cancel);

}  // namespace earthcatalog::rows
