#include "earthcatalog/grid/interior.h"

#include "earthcatalog/grid/cell_index.h"

namespace earthcatalog::grid {
namespace {

// A cell inside has all its neighbours in the footprint, and around a group of such cells lie at least as
// many cells with edges as around one: five around a pentagon.
constexpr size_t kFewestAround = 5;

// From this many vertices on, a cell's neighbours are looked at before the polygon: else a coast line of many
// vertices and many cells would take the product of both.
constexpr size_t kManyVertices = 200;

}  // namespace

void InteriorFiller::Fill(const Footprint& footprint, size_t shell, size_t limit,
                          std::vector<uint64_t>* cells) {
  const size_t with_edges = cells->size();
  if (with_edges < kFewestAround) return;
  places_.Clear();
  for (const uint64_t cell : *cells) places_[cell] = Place::kOnEdge;
  for (size_t next = 0; next < cells->size() && cells->size() <= limit; ++next) {
    for (const uint64_t neighbour : NeighboursOf((*cells)[next])) {
      if (neighbour == 0 || places_.Look(neighbour) != Place::kUnknown) continue;
      const bool beside_inside = next >= with_edges;
      const Place place = beside_inside ? Place::kInside : PlaceOf(footprint, shell, neighbour);
      places_[neighbour] = place;
      if (place == Place::kInside) cells->push_back(neighbour);
    }
  }
}

// Of a cell that no edge touches.
Place InteriorFiller::PlaceOf(const Footprint& footprint, size_t shell, uint64_t cell) {
  if (footprint.vertex_count() >= kManyVertices) {
    for (const uint64_t neighbour : NeighboursOf(cell)) {
      const Place place = neighbour == 0 ? Place::kUnknown : places_.Look(neighbour);
      if (place == Place::kInside || place == Place::kOutside) return place;
    }
  }
  const CellCenter center = CenterOf(cell);
  return footprint.Contains(shell, center.lon, center.lat) ? Place::kInside : Place::kOutside;
}

}  // namespace earthcatalog::grid
