// Which cells of the grid an item's footprint touches.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::grid {

// A cell as a number that its partitioner can name. 0 is `__none__`: no geometry, or outside every region.
using CellId = uint64_t;
inline constexpr CellId kNoCell = 0;
inline constexpr char kNoCellName[] = "__none__";

// The cells of a batch of items: item i has cells[offsets[i]] … cells[offsets[i + 1] - 1]; sorted, distinct,
// at least one each.
struct CellAssignments {
  std::vector<uint32_t> offsets;
  std::vector<CellId> cells;
  // Items that cannot be assigned. They have kNoCell above; the pipeline quarantines them.
  struct Rejection {
    uint32_t item;
    // As in reports: "bad_geometry" (broken, more cells than the limit), "bad_cells" (a partitioner of the
    // user's own named none that can be used).
    std::string kind;
    std::string reason;
  };
  std::vector<Rejection> rejected;
};

// Assigning is exact: edges are straight in longitude and latitude, and every point of the footprint lies in
// one of the item's cells; only where a border is too near for floating point to tell are the cells on both
// sides taken. What longitudes beyond ±180 and edges of more than 180 degrees mean: see footprint.h.
//
// Thread-safe: Assign runs on several threads at once.
class Partitioner {
 public:
  virtual ~Partitioner() = default;

  // `geometry`: WKB or null. `bbox`: a struct of the doubles xmin and xmax as the item states them (they
  // decide how an edge longer than 180 degrees is meant), or null for none. Same length.
  virtual Result<CellAssignments> Assign(const arrow::BinaryArray& geometry,
                                         const arrow::StructArray* bbox) const = 0;

  // The value of the grid_partition column and part of the folder's name, see cell_name.h.
  virtual std::string Name(CellId cell) const = 0;

  virtual std::string type() const = 0;  // "h3", "geojson", "custom"
  virtual std::optional<int> resolution() const = 0;
};

// The type of the grid that the user's own code is. Tables record it with the class's name; who adds to such
// a table brings an object of the class.
inline constexpr char kCustomType[] = "custom";

struct Config {
  std::string type = "h3";
  std::optional<int> resolution;  // h3: 0-15, 1 when not given
  std::string boundaries_path;    // geojson: local path, s3:// or http(s) URL
  std::string id_field;           // geojson: the property that is a region's name
  std::string class_name = {};    // custom

  bool operator==(const Config&) const = default;
};

// What the type does not use left out, a resolution left open filled in, a local path made absolute: equal
// grids then compare equal, wherever they are read. Unknown types stay as they are.
Result<Config> Settle(Config config);

// "h3 resolution 1": for messages.
std::string Describe(const Config& config);

// Usage errors: an unknown type or one that is not available (names the supported ones), a resolution out of
// range, boundaries that are no good; a custom grid, which only its class can make. Reads the boundaries, so
// failures of reading too.
Result<std::shared_ptr<const Partitioner>> MakePartitioner(const Config& config);

}  // namespace earthcatalog::grid
