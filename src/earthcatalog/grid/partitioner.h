// Which cells of the grid an item's footprint touches.
#pragma once

#include <arrow/array.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::grid {

// A cell as a number that its partitioner can name. 0 is `__none__`: no geometry, or outside every region.
using CellId = uint64_t;
inline constexpr CellId kNoCell = 0;
inline constexpr char kNoCellName[] = "__none__";
// Where an item is that is too wide for the grid's cells (Config::max_cells).
inline constexpr CellId kGlobalCell = ~CellId{0};
inline constexpr char kGlobalCellName[] = "__global__";

// Without a limit of the table's own an item that needs more H3 cells is rejected.
inline constexpr size_t kMostCellsPerItem = 100'000;
// The limit of a new table; docs/benchmarks.md has how it was chosen.
inline constexpr int64_t kDefaultMaxCells = 100;

// The cells of a batch of items: item i has cells[offsets[i]] … cells[offsets[i + 1] - 1]; sorted, distinct,
// at least one each.
struct CellAssignments {
  std::vector<uint32_t> offsets;
  std::vector<CellId> cells;
  // Items that cannot be assigned. They have kNoCell above; an ingest quarantines them.
  struct Rejection {
    uint32_t item;
    // As in reports: "bad_geometry" (broken, more cells than the limit), "bad_cells" (a partitioner of the
    // user's own named none that can be used).
    std::string kind;
    std::string reason;
  };
  std::vector<Rejection> rejected;
  // Items that touch more cells than the limit and so are in coarser ones, in their order.
  struct Wide {
    uint32_t item;
    uint64_t touched;  // about so many of the grid's finest cells
  };
  std::vector<Wide> wide = {};
};

// Assigning is exact: edges are straight in longitude and latitude, and every point of the footprint lies in
// one of the item's cells, or of a wide item the finest cell that holds the point has an ancestor among them
// (its H3 parent, that one's parent, and so on, at last kGlobalCell); only where a border is too near for
// floating point to tell are the cells on both sides taken. What longitudes beyond ±180 and edges of more
// than 180 degrees mean: see footprint.h.
//
// Thread-safe: Assign runs on several threads at once.
class Partitioner {
 public:
  virtual ~Partitioner() = default;

  // `geometry`: WKB or null. `bbox`: a struct of the doubles xmin and xmax as the item states them (they
  // decide how an edge longer than 180 degrees is meant), or null for none. Same length.
  virtual Result<CellAssignments> Assign(const arrow::BinaryArray& geometry,
                                         const arrow::StructArray* bbox) const = 0;

  // What a search for a region (WKB) looks into: the names of all cells in which an item that shares a point
  // with it can be: the finest that it touches, where the grid has a limit their ancestors up to
  // kGlobalCellName, and but for H3 kNoCellName. Nothing: too many to list, so any cell can have it.
  virtual Result<std::optional<std::set<std::string>>> NamesToLookInto(std::string_view region) const;

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
  std::optional<int> resolution = {};  // h3: 0-15, 1 when not given
  std::string boundaries_path = {};    // geojson: local path, s3:// or http(s) URL
  std::string id_field = {};           // geojson: the property that is a region's name
  std::string class_name = {};         // custom
  // An item that touches more cells is in coarser ones, as coarse as needed: of H3 the parents, of the others
  // kGlobalCell. 0: no limit. Not given: the table's own, kDefaultMaxCells for a new one; and no limit where
  // a partitioner is made without a table.
  std::optional<int64_t> max_cells = {};

  bool operator==(const Config&) const = default;
};

// What the type does not use left out, a resolution left open filled in, a local path made absolute: equal
// grids then compare equal, wherever they are read. Unknown types stay as they are. A usage error for a
// limit out of range.
Result<Config> Settle(Config config);

// "h3 resolution 1": for messages.
std::string Describe(const Config& config);

// Usage errors: an unknown type or one that is not available (names the supported ones), a resolution out of
// range, boundaries that are no good; a custom grid, which only its class can make. Reads the boundaries, so
// failures of reading too.
Result<std::shared_ptr<const Partitioner>> MakePartitioner(const Config& config);

}  // namespace earthcatalog::grid
