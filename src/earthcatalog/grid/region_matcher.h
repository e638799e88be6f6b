// Which regions a footprint touches.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "earthcatalog/base/wkb.h"
#include "earthcatalog/grid/footprint.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/grid/region_map.h"

namespace earthcatalog::grid {

// A footprint touches a piece of a region when
//   - one of its points, lines or edges does (GEOS, exact), or
//   - no edge does and the piece is inside: then all of it is, and one point of it tells.
// So no polygon is made of a footprint: it may cross itself, run around a pole, or have holes a turn away.
//
// One thread's view of the map: GEOS's prepared geometries are not for several threads. It keeps those it has
// needed, so reuse it.
class RegionMatcher {
 public:
  // `map` must outlive it.
  explicit RegionMatcher(const RegionMap* map);

  // The regions that the geometry touches, as 1 + their index: sorted, distinct, valid until the next call.
  Result<const std::vector<CellId>*> Match(const Geometry& geometry, std::optional<LongitudeBounds> bbox);

 private:
  struct Prepared {
    GeosGeometry shape;
    GeosPrepared prepared;  // refers to `shape`
  };
  // A position's longitude is `lon` + 360 * `turns`: added up only where they are used, a sum that comes back
  // to what was written is exact.
  struct PathPosition {
    double lon, lat;
    int turns;
  };

  void SetPath(const GeometryPart& part, const FootprintPart& made);
  Status MatchPoints();
  Status MatchPath(size_t begin, size_t end);
  Status MatchInside(size_t shell);
  Status MatchPole(double lat);
  template <typename Body>
  Status ForEachTurn(double west, double east, Body body) const;
  Result<GeosGeometry> MakeShape(size_t begin, size_t end, int turn);
  Result<GeosGeometry> MakeBox(const LonLatBox& box) const;
  LonLatBox BoxOf(size_t begin, size_t end) const;
  void FindCandidates(const GEOSGeometry* shape);
  Result<const GEOSPreparedGeometry*> PreparedOf(const RegionMap::Piece& piece);
  bool IsFound(const RegionMap::Piece& piece) const { return found_in_[piece.region] == item_; }
  void Add(const RegionMap::Piece& piece);

  const RegionMap* map_;
  Geos geos_;
  std::vector<Prepared> prepared_;  // by piece; null until needed
  Footprint footprint_;
  std::vector<PathPosition> path_;
  std::vector<double> numbers_;
  std::vector<const RegionMap::Piece*> candidates_;
  uint64_t item_ = 0;
  std::vector<uint64_t> found_in_;  // by region: the last item that touched it
  std::vector<CellId> found_;
};

}  // namespace earthcatalog::grid
