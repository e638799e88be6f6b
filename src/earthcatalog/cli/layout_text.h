// A table's layout for people.
#pragma once

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/maintain/layout.h"

namespace earthcatalog::cli {

// `all_partitions`: each of them is listed, else those with most rows. Where the numbers say so, it ends with
// the advice to compact, or to choose a coarser grid than `grid` for another table.
void PrintLayout(const maintain::Layout& layout, const grid::Config& grid, bool all_partitions);

}  // namespace earthcatalog::cli
