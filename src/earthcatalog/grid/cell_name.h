// Names of cells that somebody else chose: in a file of regions, or in a partitioner of the user's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace earthcatalog::grid {

// Why the name cannot be a cell's, in words that follow it ("is empty"); nothing when it can. A cell's name
// is a value of the grid_partition column and part of a folder's name, which every reader must find again:
// one folder, the same before and after a reader has taken URLs apart.
std::optional<std::string> WhyNotACellName(std::string_view name);

// Whether the name of a cell that is there can be part of a folder's: those above, and those that are kept.
bool CanBeFolder(std::string_view cell);

}  // namespace earthcatalog::grid
