// What every partitioner does with a batch: row by row, a bad one by itself.
#pragma once

#include <arrow/array.h>

#include <functional>
#include <optional>
#include <vector>

#include "earthcatalog/base/wkb.h"
#include "earthcatalog/grid/footprint.h"
#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid {

// The cells of one footprint.
struct Cover {
  const std::vector<CellId>* cells;  // sorted, distinct, valid until the next footprint; empty for none
  uint64_t touched = 0;              // CellAssignments::Wide; 0 when the cells are the finest
};

// An error is about this footprint alone.
using CoverFunction =
    std::function<Result<Cover>(const Geometry& geometry, std::optional<LongitudeBounds> bbox)>;

// Partitioner::Assign by way of `cover`. Rows whose WKB or cover is an error are rejected as "bad_geometry".
Result<CellAssignments> AssignRows(const arrow::BinaryArray& geometry, const arrow::StructArray* bbox,
                                   const CoverFunction& cover);

}  // namespace earthcatalog::grid
