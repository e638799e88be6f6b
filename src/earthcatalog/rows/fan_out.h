// One row per item becomes one row per (item, cell), grouped into the files they go to.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::rows {

// Items and the cells that each of them touches.
struct AssignedItems {
  std::shared_ptr<arrow::RecordBatch> rows;  // without grid_partition
  std::vector<uint32_t> item_bytes;          // of the JSON of each
  grid::CellAssignments cells;               // of `rows`
};

// The rows of one (cell, year, part), in file order.
struct FileGroup {
  grid::CellId cell;
  std::optional<int> year;  // nothing: unknown
  uint32_t part;            // 0, 1, ...
  size_t begin, end;        // in FannedOut::order
};

struct FannedOut {
  std::shared_ptr<arrow::RecordBatch> items;  // each item once, all columns but grid_partition
  std::vector<uint32_t> item_bytes;           // of the JSON of each of `items`
  std::vector<int64_t> order;                 // row of `items`, once per cell it touches
  std::vector<FileGroup> groups;              // sorted by cell, year and part
  uint32_t parts = 1;
};

// The columns of FannedOut::items.
std::shared_ptr<arrow::Schema> WithoutCells(const arrow::Schema& schema);

// Joins the batches, in their order, into columns of `schema` (with field ids; a grid_partition field in it
// is passed over) and sorts within each group by (platform, datetime, collection, id), nulls last. Consumes
// the batches, column by column, so that the data is never held twice as a whole.
//
// Readers must know which version of an item came last, also when neither `updated` nor `created` says so: it
// is in a later part than those before it, or in the same files behind them (version_parts.h).
Result<FannedOut> FanOut(const arrow::Schema& schema, std::vector<AssignedItems> items);

}  // namespace earthcatalog::rows
