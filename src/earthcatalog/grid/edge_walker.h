// Which tiles a footprint's edge runs through.
#pragma once

#include "earthcatalog/grid/face_lattice.h"
#include "earthcatalog/grid/tile_set.h"

namespace earthcatalog::grid {

// An edge is straight in longitude and latitude, so on a face it is a curve. Between two of its points it
// stays within a known distance, the bend, of the straight line between them, and halving the edge makes the
// bend four times smaller. So: look at the ends only, decide when the bend allows it, otherwise halve.
//
// Where a curve comes closer to a border than rounding can tell, the tiles on both sides are taken.
class EdgeWalker {
 public:
  // Both must outlive it.
  EdgeWalker(const FaceLattice* lattice, TileSet* tiles);

  void Point(const Spot& spot) { Edge(spot, spot); }
  // Longitudes as they run: an edge from 170 to 190 degrees crosses the antimeridian, one from 170 to -170
  // runs around the other way.
  void Edge(const Spot& from, const Spot& to);

 private:
  bool OneTile(const Spot& from, const Spot& to, double reach);
  bool TwoTiles(const Spot& from, const Spot& to, double reach);
  void GreatCircle(const Spot& from, const Spot& to, double reach);
  void LineOnFace(int face, PlanePoint from, PlanePoint to, double reach);
  void ShortLine(int face, PlanePoint from, PlanePoint to, double reach);
  double Bend(const Spot& from, const Spot& to) const;

  const FaceLattice* lattice_;
  TileSet* tiles_;
  double tolerance_;
};

}  // namespace earthcatalog::grid
