// The reference for any footprint: what it covers and which cells it reaches, by the definitions, slowly, and
// with nothing of the grid's own geometry.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "earthcatalog/base/wkb.h"
#include "earthcatalog/grid/face_lattice.h"
#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid::testing {

// Straight in degrees; longitudes run on over the antimeridian. Both ends the same: a point.
struct SlowEdge {
  Position from, to;

  Position At(double t) const {
    return {from.lon + t * (to.lon - from.lon), from.lat + t * (to.lat - from.lat)};
  }
};

class SlowFootprint {
 public:
  // `bbox`: west, east.
  SlowFootprint(const Geometry& geometry, std::optional<std::pair<double, double>> bbox);

  const std::vector<SlowEdge>& edges() const { return edges_; }

  // Whether the position is inside a polygon; one on an edge may count as either. Nothing when the definition
  // does not say: a ring around a pole more than once, or as near to both poles.
  std::optional<bool> Inside(Position position) const;

 private:
  struct Ring {
    bool hole;
    std::vector<Position> positions;  // closed, longitudes run on
    int turns;                        // around the Earth
    double mean_lat;

    std::optional<bool> Encloses(Position position) const;
  };
  std::vector<Ring> rings_;
  std::vector<SlowEdge> edges_;
};

// A cell by its corners, as H3 tells them.
class SlowCell {
 public:
  explicit SlowCell(CellId cell);

  enum class Reach { kFar, kNear, kInto };  // kNear: too near to the border, or too long beside it, to decide

  // Whether the edge comes into the cell. By halving, as long as the distance to the cell leaves it open: no
  // point of an edge is farther from another than their way along the edge.
  Reach ReachOf(const SlowEdge& edge) const;

  CellId id() const { return id_; }
  Position center() const { return center_; }  // degrees

 private:
  bool Holds(Position position) const;
  // In radians, a lower bound of it when the position is far away.
  double Distance(Position position) const;

  CellId id_;
  int resolution_;
  Position center_;
  Vector3 center_direction_;
  double radius_ = 0;  // radians, of the circle around the corners
  std::vector<Vector3> corners_;
};

}  // namespace earthcatalog::grid::testing
