// Generated items as the benchmarks need them: as JSON, as columns, in groups that become files. All of it
// ends the program when something fails.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/rows/fan_out.h"

namespace earthcatalog {

using Items = std::vector<std::string>;

Items GeneratedItems(uint64_t count);

// The schema that the items ask for, with field ids.
std::shared_ptr<arrow::Schema> SchemaOf(const Items& items);
// The same without the column that the fan-out fills in.
std::shared_ptr<arrow::Schema> WithoutCells(const std::shared_ptr<arrow::Schema>& schema);

using Batches = std::vector<std::shared_ptr<arrow::RecordBatch>>;

// Files of so many rows, the last one of what is left.
Batches Cut(const arrow::RecordBatch& rows, int64_t rows_per_file);

struct Columns {
  std::shared_ptr<arrow::Schema> schema;     // with cells
  std::shared_ptr<arrow::RecordBatch> rows;  // without
  std::vector<uint32_t> item_bytes;          // of the JSON of each
};
Columns GeneratedColumns(uint64_t count);

// Of H3 cells.
std::string CellName(grid::CellId cell);

// Each `rows_per_file` rows become a file in a folder of their own, as most do that hold little: 43 years in
// each cell.
rows::FannedOut InGroups(const Columns& columns, size_t rows_per_file);

}  // namespace earthcatalog
