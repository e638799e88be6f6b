// The regions as plane geometry that can be searched.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "earthcatalog/grid/boundaries.h"
#include "earthcatalog/grid/geos.h"

namespace earthcatalog::grid {

// Degrees.
struct LonLatBox {
  double west, south, east, north;
};

// Immutable after Make, and then read by several threads.
class RegionMap {
 public:
  // A connected part of a region: a polygon; lines and points only where a polygon had no area.
  struct Piece {
    GeosGeometry shape;  // only for cloning: GEOS notes things in geometries that it looks at
    Position inside;     // well inside, so that rounding does not matter
    uint32_t region;     // index into the regions
    uint32_t index;      // into pieces()
  };

  // Repairs polygons that cross themselves: what a shell goes around however often is inside, as for
  // footprints. A usage error, naming the feature, for what cannot be repaired.
  static Result<std::unique_ptr<const RegionMap>> Make(const std::vector<Region>& regions);

  const std::vector<Piece>& pieces() const { return pieces_; }
  // Holds pointers to the pieces. It may be queried by several threads, each with its own context.
  GEOSSTRtree* tree() const { return tree_.get(); }
  const LonLatBox& extent() const { return extent_; }

 private:
  RegionMap() = default;
  Status AddPolygon(const RegionPolygon& polygon, uint32_t region);
  Status AddPieces(GeosGeometry shape, uint32_t region);
  Status MakeTree();

  Geos geos_;
  std::vector<Piece> pieces_;
  GeosTree tree_;
  LonLatBox extent_ = {};
};

}  // namespace earthcatalog::grid
