// The grid of H3 cells of one resolution.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid {

// Of the cell of this name; nothing when it is no cell of H3.
std::optional<int> H3ResolutionOf(std::string_view cell);

// `max_cells`: as in Config.
Result<std::shared_ptr<const Partitioner>> MakeH3Partitioner(int resolution, int64_t max_cells);

}  // namespace earthcatalog::grid
