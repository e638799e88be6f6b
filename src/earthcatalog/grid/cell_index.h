// From tiles to H3's cell numbers, and from cells to their neighbours.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "earthcatalog/grid/face_lattice.h"

namespace earthcatalog::grid {

// Thread-safe. Asking H3 costs a few hundred nanoseconds a cell, more than all of our own geometry for a
// usual footprint, so at coarse resolutions the answers are kept.
class CellIndex {
 public:
  // `lattice` must outlive it.
  explicit CellIndex(const FaceLattice* lattice);

  // The H3 cell a tile is part of, 0 when the hexagon only touches the face or lies beside it.
  uint64_t CellOf(const Tile& tile) const;

 private:
  uint64_t AskH3(const Tile& tile) const;

  const FaceLattice* lattice_;
  int32_t reach_ = 0;  // tiles of a face have columns and rows -reach_ ... reach_; 0 when nothing is kept
  std::unique_ptr<std::atomic<uint64_t>[]> kept_;
};

struct CellCenter {
  double lon, lat;  // radians
};
CellCenter CenterOf(uint64_t cell);

// The six cells (five of a pentagon) that share a side with the cell; the rest is 0.
std::array<uint64_t, 6> NeighboursOf(uint64_t cell);

}  // namespace earthcatalog::grid
