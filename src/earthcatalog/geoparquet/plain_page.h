// The body of a version 1 data page: levels in the RLE/bit-packing hybrid, values in plain encoding.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "earthcatalog/geoparquet/leaf_columns.h"
#include "earthcatalog/geoparquet/leaf_walker.h"

namespace earthcatalog::geoparquet {

// Appends the levels with their length before them; nothing for a column whose levels are all 0.
void AppendLevels(std::span<const int16_t> levels, int16_t max_level, std::string* page);

// Appends the values of the entries that are present.
void AppendPlainValues(const LeafColumn& leaf, const LeafEntries& entries, std::string* page);

}  // namespace earthcatalog::geoparquet
