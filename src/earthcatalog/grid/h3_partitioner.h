// The grid of H3 cells of one resolution.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid {

// A footprint that needs more cells is rejected: it would become as many rows, and the resolution is wrong
// for it.
inline constexpr size_t kMostCellsPerItem = 100'000;

// Of the cell of this name; nothing when it is no cell of H3.
std::optional<int> H3ResolutionOf(std::string_view cell);

Result<std::shared_ptr<const Partitioner>> MakeH3Partitioner(int resolution);

}  // namespace earthcatalog::grid
