// The cells that lie wholly inside a polygon.
#pragma once

#include <cstdint>
#include <vector>

#include "earthcatalog/grid/cell_places.h"
#include "earthcatalog/grid/footprint.h"

namespace earthcatalog::grid {

// Reused from item to item. Not thread-safe.
class InteriorFiller {
 public:
  // Appends to `cells`, which holds the distinct cells that the polygon's edges touch (shell and holes), the
  // cells that no edge touches and that lie inside. Stops early when there are more than `limit`.
  //
  // Neighbours that no edge touches are both inside or both outside, and every group of inside cells borders
  // on cells with edges: so it starts from those, asks at each new neighbour, and floods.
  void Fill(const Footprint& footprint, size_t shell, size_t limit, std::vector<uint64_t>* cells);

 private:
  Place PlaceOf(const Footprint& footprint, size_t shell, uint64_t cell);

  CellPlaces places_;
};

}  // namespace earthcatalog::grid
