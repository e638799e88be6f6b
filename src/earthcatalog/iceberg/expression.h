// What a search asks for.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace earthcatalog::iceberg {

// Degrees, west <= east: a box across the antimeridian is two.
struct Box {
  double west, south, east, north;
};

// Calendar years of `datetime`, both included.
struct Years {
  int first, last;
  bool keep_unknown = true;  // rows without a datetime
};

// Microseconds since 1970, both included. A row is in it by its `datetime`; where that is null, by having
// begun until `last` and not ended before `first`, and what is null of these two hinders nothing.
struct TimeInterval {
  int64_t first = std::numeric_limits<int64_t>::min();
  int64_t last = std::numeric_limits<int64_t>::max();
};

// A row matches when it fits all that is set; nothing is set to begin with. An empty set fits no row.
struct Expression {
  std::optional<std::set<std::string>> cells = {};
  std::optional<Years> years = {};
  // Rows whose envelope (base/envelope.h) meets one of them: that is what the column bbox of a trusted file
  // has. Rows without a geometry meet none.
  std::optional<std::vector<Box>> boxes = {};
  std::optional<TimeInterval> time = {};
  std::optional<std::set<std::string>> ids = {};
};

}  // namespace earthcatalog::iceberg
