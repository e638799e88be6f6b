// Values that are in the overflow because their column cannot hold them.
#pragma once

#include <cstdint>
#include <string>

namespace earthcatalog::item {

struct Misfit {
  std::string column;  // a dotted path
  std::string value;   // JSON, shortened
};

struct MisfitOfRow {
  int64_t row;
  std::string id;  // the item's
  Misfit misfit;
};

}  // namespace earthcatalog::item
