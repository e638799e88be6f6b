// What a run tells of items that touch very many cells.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <string>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::ingest {

// Items that touch more cells than the table's limit or, where it has none, than that of a new table.
struct WideItems {
  uint64_t count = 0;
  // The one that touches most; of several the first.
  std::string collection;
  std::string id;
  uint64_t touched = 0;  // about so many cells
  uint64_t rows = 0;     // so many cells it is in

  void Add(const WideItems& later);
};

// Of the items of `rows`; `max_cells`: the table's limit, 0 for none.
WideItems WideItemsOf(const grid::CellAssignments& cells, int64_t max_cells, const arrow::RecordBatch& rows);

}  // namespace earthcatalog::ingest
