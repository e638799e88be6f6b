// Values that are in the overflow because their column cannot hold them, or because they have none.
#pragma once

#include <cstdint>
#include <string>

namespace earthcatalog::item {

struct Misfit {
  std::string column;      // a dotted path, as the item writes it
  std::string value;       // JSON, shortened
  bool has_column = true;  // else the schema has none of that path
};

struct MisfitOfRow {
  int64_t row;
  std::string id;  // the item's
  Misfit misfit;
};

}  // namespace earthcatalog::item
