// A chunk's groups to GeoParquet files in the warehouse.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/io/location.h"
#include "earthcatalog/pipeline/fan_out.h"

namespace earthcatalog::pipeline {

struct WriteTarget {
  io::Location warehouse;
  std::shared_ptr<arrow::Schema> schema;  // with field ids and grid_partition
  std::shared_ptr<const grid::Partitioner> partitioner;
  int64_t part_number = 0;  // of the chunk's part 0
  int threads = 1;
};

// Writes grid_partition=<cell>/year=<YYYY|unknown>/part_<number>_<uuid8>.parquet for every group, several at
// a time. Appends what was written to `files`, also when it ends with an error: then the caller removes them.
Status WriteFiles(const WriteTarget& target, const FannedOut& rows, const CancelSource& cancel,
                  std::vector<iceberg::DataFile>* files);

// Removes files that no commit names. Best effort: a file that cannot be removed is an orphan, not an error.
// They are reached as the warehouse is.
void RemoveFiles(const io::Location& warehouse, const std::vector<iceberg::DataFile>& files);

}  // namespace earthcatalog::pipeline
