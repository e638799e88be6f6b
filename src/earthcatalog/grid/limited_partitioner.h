// A grid without coarser cells, and a limit of cells for an item.
#pragma once

#include <cstdint>
#include <memory>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid {

// The same grid, but an item that touches more than `max_cells` cells is in kGlobalCell alone. 0: no limit.
std::shared_ptr<const Partitioner> WithLimit(std::shared_ptr<const Partitioner> grid, int64_t max_cells);

}  // namespace earthcatalog::grid
