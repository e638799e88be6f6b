// What the grid of one of H3's resolutions needs, and the cells of it that a footprint touches.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "earthcatalog/grid/cell_index.h"
#include "earthcatalog/grid/edge_walker.h"
#include "earthcatalog/grid/face_lattice.h"
#include "earthcatalog/grid/footprint.h"
#include "earthcatalog/grid/interior.h"
#include "earthcatalog/grid/tile_set.h"

namespace earthcatalog::grid {

// Thread-safe.
struct H3Level {
  explicit H3Level(int resolution) : lattice(resolution), index(&lattice) {}

  const FaceLattice lattice;
  const CellIndex index;
};

// The level of a table's cells and those above it. Thread-safe.
class H3Levels {
 public:
  explicit H3Levels(int finest) : finest_(finest) {}

  const H3Level& finest() const { return finest_; }
  // Coarser ones are made when they are first asked for: few items need them.
  const H3Level& At(int resolution) const;

 private:
  static constexpr size_t kCoarser = 15;

  const H3Level finest_;
  mutable std::array<std::once_flag, kCoarser> once_;
  mutable std::array<std::unique_ptr<const H3Level>, kCoarser> coarser_;
};

// Covers one footprint after the other with cells of one level. One thread at a time.
class LevelCoverer {
 public:
  // `level` must outlive it. `most`: at least some hundreds.
  LevelCoverer(const H3Level* level, size_t most)
      : level_(level), most_(most), tiles_(2 * most), walker_(&level->lattice, &tiles_) {}

  // The cells that the footprint touches: sorted, distinct, valid until the next call; empty for an empty
  // one. Null when there are more than `most`, which is found out soon.
  const std::vector<uint64_t>* Cover(const Footprint& footprint);

 private:
  bool CoverParts(const Footprint& footprint, size_t begin, size_t end);
  void Walk(const Footprint& footprint, const FootprintPart& part);
  bool KeepDistinct();

  const H3Level* level_;
  size_t most_;
  int face_ = 0;  // where the last footprint was: the next one is often near
  TileSet tiles_;
  EdgeWalker walker_;
  InteriorFiller interior_;
  std::vector<uint64_t> part_cells_;
  std::vector<uint64_t> cells_;
  size_t distinct_ = 0;  // of cells_, when they were last looked through
};

}  // namespace earthcatalog::grid
