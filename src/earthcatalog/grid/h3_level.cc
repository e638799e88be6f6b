#include "earthcatalog/grid/h3_level.h"

#include <span>

namespace earthcatalog::grid {

using Kind = GeometryPart::Kind;

const H3Level& H3Levels::At(int resolution) const {
  if (resolution == finest_.lattice.resolution()) return finest_;
  const auto at = static_cast<size_t>(resolution);
  std::call_once(once_[at], [&] { coarser_[at] = std::make_unique<const H3Level>(resolution); });
  return *coarser_[at];
}

const std::vector<uint64_t>* LevelCoverer::Cover(const Footprint& footprint) {
  cells_.clear();
  distinct_ = 0;
  const std::vector<FootprintPart>& parts = footprint.parts();
  for (size_t begin = 0; begin < parts.size();) {
    size_t end = begin + 1;
    while (end < parts.size() && parts[end].kind == Kind::kHole) ++end;
    if (!CoverParts(footprint, begin, end)) return nullptr;
    begin = end;
  }
  return KeepDistinct() ? &cells_ : nullptr;
}

// A shell with its holes, a line, or points. False when the cells are too many.
bool LevelCoverer::CoverParts(const Footprint& footprint, size_t begin, size_t end) {
  tiles_.Clear();
  for (size_t k = begin; k < end; ++k) Walk(footprint, footprint.parts()[k]);
  if (tiles_.full()) return false;
  part_cells_.clear();
  tiles_.ForEach([&](const Tile& tile) {
    if (const uint64_t cell = level_->index.CellOf(tile)) part_cells_.push_back(cell);
  });
  MakeDistinct(&part_cells_);
  if (footprint.parts()[begin].kind == Kind::kShell) interior_.Fill(footprint, begin, most_, &part_cells_);
  if (part_cells_.size() > most_) return false;
  cells_.insert(cells_.end(), part_cells_.begin(), part_cells_.end());
  // Of many parts of many cells each the sum may be large; one look each time it doubles costs little.
  return cells_.size() <= most_ + distinct_ || KeepDistinct();
}

bool LevelCoverer::KeepDistinct() {
  MakeDistinct(&cells_);
  distinct_ = cells_.size();
  return distinct_ <= most_;
}

void LevelCoverer::Walk(const Footprint& footprint, const FootprintPart& part) {
  const FaceLattice& lattice = level_->lattice;
  const std::span<const Vertex> vertices = footprint.vertices(part);
  Spot last = lattice.Locate(vertices[0].lon, vertices[0].lat, face_);
  if (part.kind == Kind::kPoints || vertices.size() == 1) walker_.Point(last);
  for (const Vertex& vertex : vertices.subspan(1)) {
    const Spot next = lattice.Locate(vertex.lon, vertex.lat, last.tile.face);
    if (part.kind == Kind::kPoints) {
      walker_.Point(next);
    } else {
      walker_.Edge(last, next);
    }
    last = next;
  }
  face_ = last.tile.face;
}

}  // namespace earthcatalog::grid
