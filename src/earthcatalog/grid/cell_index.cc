#include "earthcatalog/grid/cell_index.h"

#include <h3/h3api.h>

#include <cmath>
#include <vector>

namespace earthcatalog::grid {
namespace {

constexpr int kFinestKept = 4;  // 8.6 MB
constexpr uint64_t kUnasked = 0;
constexpr uint64_t kNone = ~uint64_t{0};

// The part of a convex polygon where `normal` · p <= `bound`.
std::vector<PlanePoint> Clipped(const std::vector<PlanePoint>& polygon, PlanePoint normal, double bound) {
  std::vector<PlanePoint> kept;
  for (size_t k = 0; k < polygon.size(); ++k) {
    const PlanePoint p = polygon[k], q = polygon[(k + 1) % polygon.size()];
    const double p_over = Dot(p, normal) - bound, q_over = Dot(q, normal) - bound;
    if (p_over <= 0) kept.push_back(p);
    if ((p_over < 0) != (q_over < 0)) kept.push_back(p + (p_over / (p_over - q_over)) * (q - p));
  }
  return kept;
}

// The middle of the tile's corners; `found` is false when there is no tile.
PlanePoint MiddleOfTile(const FaceLattice& lattice, const Tile& tile, bool* found) {
  const PlanePoint center = TileCenter(tile);
  *found = true;
  if (lattice.FaceMargin(center) > kHexagonSide) return center;
  std::vector<PlanePoint> corners;
  for (int k = 0; k < 6; ++k) {
    const double angle = M_PI / 6 + k * M_PI / 3;
    corners.push_back(center + kHexagonSide * PlanePoint{std::cos(angle), std::sin(angle)});
  }
  for (const PlanePoint& normal : lattice.face_normals())
    corners = Clipped(corners, normal, lattice.face_inradius());
  if (corners.size() < 3) {
    *found = false;
    return center;
  }
  PlanePoint sum = {0, 0};
  for (const PlanePoint& corner : corners) sum = sum + corner;
  return (1 / static_cast<double>(corners.size())) * sum;
}

}  // namespace

CellIndex::CellIndex(const FaceLattice* lattice) : lattice_(lattice) {
  if (lattice->resolution() > kFinestKept) return;
  // A face's corners lie twice its inradius from the centre; columns run at 60 degrees to rows.
  reach_ = static_cast<int32_t>(std::ceil(2 * lattice->face_inradius() / kSqrt3Half)) + 2;
  const size_t side = static_cast<size_t>(2 * reach_ + 1);
  kept_ = std::make_unique<std::atomic<uint64_t>[]>(FaceLattice::kFaces * side * side);
}

uint64_t CellIndex::CellOf(const Tile& tile) const {
  if (reach_ == 0 || std::abs(tile.i) > reach_ || std::abs(tile.j) > reach_) return AskH3(tile);
  const size_t side = static_cast<size_t>(2 * reach_ + 1);
  const size_t at = (static_cast<size_t>(tile.face) * side + static_cast<size_t>(tile.i + reach_)) * side +
                    static_cast<size_t>(tile.j + reach_);
  // Threads may ask for the same tile at the same time: they store the same answer.
  uint64_t cell = kept_[at].load(std::memory_order_relaxed);
  if (cell == kUnasked) {
    cell = AskH3(tile);
    kept_[at].store(cell == 0 ? kNone : cell, std::memory_order_relaxed);
  }
  return cell == kNone ? 0 : cell;
}

uint64_t CellIndex::AskH3(const Tile& tile) const {
  bool found = false;
  const PlanePoint middle = MiddleOfTile(*lattice_, tile, &found);
  if (!found) return 0;
  const Vector3 direction = lattice_->Direction(middle, tile.face);
  const LatLng point = {std::atan2(direction.z, std::hypot(direction.x, direction.y)),
                        std::atan2(direction.y, direction.x)};
  H3Index cell = 0;
  latLngToCell(&point, lattice_->resolution(), &cell);
  return cell;
}

CellCenter CenterOf(uint64_t cell) {
  LatLng center = {0, 0};
  cellToLatLng(cell, &center);
  return {center.lng, center.lat};
}

std::array<uint64_t, 6> NeighboursOf(uint64_t cell) {
  std::array<H3Index, 7> disk = {};
  gridDisk(cell, 1, disk.data());
  std::array<uint64_t, 6> neighbours = {};
  size_t count = 0;
  for (const H3Index other : disk)
    if (other != 0 && other != cell && count < neighbours.size()) neighbours[count++] = other;
  return neighbours;
}

}  // namespace earthcatalog::grid
