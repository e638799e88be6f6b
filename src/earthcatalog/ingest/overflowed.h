// Which columns could not hold all of their values: for the user, who finds nothing by such a value in them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "earthcatalog/item/misfit.h"

namespace earthcatalog::ingest {

struct Overflowed {
  uint64_t count = 0;  // of items whose value is in `_overflow`, and in the column not or only as JSON text
  std::string id;      // of the first of them
  std::string value;   // which it has: JSON, shortened
};

// By the column's dotted path.
using OverflowedColumns = std::map<std::string, Overflowed>;

OverflowedColumns CountMisfits(const std::vector<item::MisfitOfRow>& misfits);

// Adds those of later items.
void Add(const OverflowedColumns& later, OverflowedColumns* columns);

}  // namespace earthcatalog::ingest
