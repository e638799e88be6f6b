// Which columns could not hold all of their values, and which names have none: for the user, who finds
// nothing by such a value in them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/item/misfit.h"

namespace earthcatalog::ingest {

struct Overflowed {
  uint64_t count = 0;  // of items whose value is in `_overflow`, and in the column not or only as JSON text
  std::string id;      // of the first of them
  std::string value;   // which it has: JSON, shortened
  bool has_column = true;
};

// By the column's dotted path.
using OverflowedColumns = std::map<std::string, Overflowed>;

// Names may be as many as items (of assets, say): so many of them are kept, and so many noted in a snapshot.
inline constexpr size_t kMostOverflowedHeld = 10'000;
inline constexpr size_t kMostOverflowedNoted = 100;
inline constexpr size_t kMostOverflowedCarried = 1000;  // of all that have expired

OverflowedColumns CountMisfits(const std::vector<item::MisfitOfRow>& misfits);

// Adds those of later items. Where they become too many the more used half stays.
void Add(const OverflowedColumns& later, OverflowedColumns* columns);

// The most used of them, at most `most`, and of those with the same count the first by name.
std::vector<std::pair<std::string, Overflowed>> MostUsed(const OverflowedColumns& columns, size_t most);
std::vector<std::pair<std::string, uint64_t>> MostUsed(const std::map<std::string, uint64_t>& counts,
                                                       size_t most);

}  // namespace earthcatalog::ingest
