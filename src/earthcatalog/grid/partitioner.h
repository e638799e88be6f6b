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
  // Items whose footprint cannot be assigned (a broken geometry, more cells than the limit): index and
  // reason. They have kNoCell above; the pipeline quarantines them.
  std::vector<std::pair<uint32_t, std::string>> rejected;
};

// Assigning is exact: edges are straight in longitude and latitude, and every point of the footprint lies in
// one of the item's cells; only where a border is too near for floating point to tell are the cells on both
// sides taken. What longitudes beyond ±180 and edges of more than 180 degrees mean: see footprint.h.
//
// Thread-safe: Assign runs on several threads at once.
class Partitioner {
 public:
  virtual ~Partitioner() = default;

  // `geometry`: WKB or null. `bbox`: struct{xmin, ymin, xmax, ymax} of doubles as the item states it (decides
  // how an edge longer than 180 degrees is meant), or null for none. Same length.
  virtual Result<CellAssignments> Assign(const arrow::BinaryArray& geometry,
                                         const arrow::StructArray* bbox) const = 0;

  // The value of the grid_partition column and folder: [A-Za-z0-9_.-]+ only.
  virtual std::string Name(CellId cell) const = 0;

  virtual std::string type() const = 0;  // "h3", "geojson"
  virtual std::optional<int> resolution() const = 0;
};

struct Config {
  std::string type = "h3";
  std::optional<int> resolution;  // h3: 0-15, 1 when not given
  std::string boundaries_path;
  std::string id_field;

  bool operator==(const Config&) const = default;
};

// Usage errors: an unknown type or one that is not available yet (names the supported ones), a resolution out
// of range.
Result<std::shared_ptr<const Partitioner>> MakePartitioner(const Config& config);

}  // namespace earthcatalog::grid
