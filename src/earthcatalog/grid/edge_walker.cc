#include "earthcatalog/grid/edge_walker.h"

#include <array>
#include <cmath>

namespace earthcatalog::grid {
namespace {

// 0.06 mm on the ground. Rounding, ours and H3's, stays below 1e-14 radians; the hexagons of resolution 15
// measure 1.6e-7.
constexpr double kToleranceRadians = 1e-11;

// Ends no farther apart than this (20 degrees) make a line that a face's plane can show.
constexpr double kNearCosine = 0.94;
// A face reaches 37.4 degrees from its centre: a line that touches it has no end beyond 57.4 degrees.
constexpr double kFaceReachCosine = 0.53;

// Short enough that from a hexagon only its neighbours can be reached: those behind them are a side away.
constexpr double kShortLine = 0.5;

// Whether a line comes as near as `reach` to a hexagon; both relative to the hexagon's centre. Two convex
// shapes are apart when one of their sides' directions separates them.
bool Touches(PlanePoint from, PlanePoint to, double reach) {
  const double bound = kHexagonInradius + reach;
  for (const PlanePoint& normal : kHexagonNormals) {
    const double a = Dot(from, normal), b = Dot(to, normal);
    if (std::min(a, b) > bound || std::max(a, b) < -bound) return false;
  }
  const PlanePoint along = to - from;
  const double length = std::sqrt(Dot(along, along));
  if (length == 0) return true;
  const PlanePoint normal = {-along.y / length, along.x / length};
  // The corners lie between the normals of the sides.
  double extent = 0;
  for (const PlanePoint& side : kHexagonNormals) {
    const PlanePoint corner = {-kHexagonSide * side.y, kHexagonSide * side.x};
    extent = std::max(extent, std::abs(Dot(corner, normal)));
  }
  return std::abs(Dot(from, normal)) <= extent + reach;
}

bool OnOneFace(const Spot& from, const Spot& to, double reach) {
  return from.tile.face == to.tile.face && std::min(from.face_margin, to.face_margin) > reach;
}

// The index of the step from a tile to its neighbour, -1 when they are no neighbours.
int StepBetween(const Tile& from, const Tile& to) {
  for (size_t k = 0; k < kTileSteps.size(); ++k)
    if (from.i + kTileSteps[k].di == to.i && from.j + kTileSteps[k].dj == to.j) return static_cast<int>(k);
  return -1;
}

}  // namespace

EdgeWalker::EdgeWalker(const FaceLattice* lattice, TileSet* tiles)
    : lattice_(lattice), tiles_(tiles), tolerance_(kToleranceRadians * lattice->units_per_radian()) {}

// How far, in lattice units, the edge may leave the straight line between its ends on a face.
//
// Let v(t) be the edge on the unit sphere, L and P its extents in longitude and latitude. Then
//   v'' = -P² v - L² cos(lat) r - 2 L P sin(lat) e,       r, e: unit vectors away from the axis and to the
//   east,
//       = -(P² + L²) v + sin(lat) (L² z - 2 L P e),       z: unit vector to the north.
// A half-plane of a face is a half-space m·v >= 0. While m·v >= 0, the first term only bends the edge into
// it, so when m·v exceeds |m| K / 8 at both ends, K bounding the rest of v'', the edge stays in it. On a face
// |m| <= 1.4 for every line of interest, and the projection stretches by at most 1 / cos(37.4°): K / 4 is on
// the safe side. (The second form needs P² + L² < π².) An edge that stays in all half-planes which hold its
// ends by K / 4 stays within K / 4 of the straight line between them.
double EdgeWalker::Bend(const Spot& from, const Spot& to) const {
  const double lon = std::abs(to.lon - from.lon), lat = std::abs(to.lat - from.lat);
  const double sine = std::max(std::abs(from.direction.z), std::abs(to.direction.z));
  const bool over_equator = (from.lat < 0) != (to.lat < 0);
  const double cosine = over_equator ? 1 : std::max(from.cos_lat, to.cos_lat);
  const double turn = lon < 1 ? std::min(cosine, sine) : cosine;
  return 0.25 * lon * (lon * turn + 2 * lat * sine) * lattice_->units_per_radian();
}

void EdgeWalker::Edge(const Spot& from, const Spot& to) {
  const double bend = Bend(from, to);
  const double reach = bend + tolerance_;
  if (OnOneFace(from, to, reach) && (OneTile(from, to, reach) || TwoTiles(from, to, reach))) return;
  if (tiles_->full()) return;
  if (bend <= tolerance_ && Dot(from.direction, to.direction) > kNearCosine) {
    GreatCircle(from, to, reach);
    return;
  }
  const Spot middle = lattice_->Locate(0.5 * (from.lon + to.lon), 0.5 * (from.lat + to.lat), from.tile.face);
  Edge(from, middle);
  Edge(middle, to);
}

bool EdgeWalker::OneTile(const Spot& from, const Spot& to, double reach) {
  if (from.tile != to.tile || std::min(from.hexagon_margin, to.hexagon_margin) <= reach) return false;
  tiles_->Add(from.tile);
  return true;
}

// An edge from one hexagon to its neighbour, and provably through no other: its ends keep away from all other
// sides, and it crosses the common side away from the corners.
bool EdgeWalker::TwoTiles(const Spot& from, const Spot& to, double reach) {
  const int step = StepBetween(from.tile, to.tile);
  if (step < 0 || reach > 0.2) return false;
  const size_t axis = static_cast<size_t>(step % 3);
  const double sign = step < 3 ? 1 : -1;
  const PlanePoint across = sign * kHexagonNormals[axis];
  // Both relative to the first hexagon's centre, then to the second's.
  const PlanePoint a = from.at - TileCenter(from.tile), b = to.at - TileCenter(from.tile);
  const PlanePoint b_there = b - across;
  const double inner = kHexagonInradius - reach;
  if (Dot(a, across) < -inner || Dot(b_there, across) > inner) return false;
  for (size_t k = 0; k < 3; ++k) {
    if (k == axis) continue;
    if (std::abs(Dot(a, kHexagonNormals[k])) > inner || std::abs(Dot(b_there, kHexagonNormals[k])) > inner)
      return false;
  }
  const double before = kHexagonInradius - Dot(a, across), after = Dot(b, across) - kHexagonInradius;
  const double length = before + after;
  if (length <= 0) return false;
  const PlanePoint crossing = a + (before / length) * (b - a);
  const double along_side = std::abs(crossing.y * across.x - crossing.x * across.y);
  if (along_side > 0.5 * kHexagonSide - reach / kSqrt3Half) return false;
  tiles_->Add(from.tile);
  tiles_->Add(to.tile);
  return true;
}

// What is left when the bend is below the tolerance: a straight line on each face it touches.
void EdgeWalker::GreatCircle(const Spot& from, const Spot& to, double reach) {
  if (OnOneFace(from, to, reach)) {
    LineOnFace(from.tile.face, from.at, to.at, reach);
    return;
  }
  for (int face = 0; face < FaceLattice::kFaces; ++face) {
    if (std::min(lattice_->Nearness(from.direction, face), lattice_->Nearness(to.direction, face)) <
        kFaceReachCosine)
      continue;
    const PlanePoint a = lattice_->Project(from.direction, face), b = lattice_->Project(to.direction, face);
    double begin = 0, end = 1;
    for (const PlanePoint& normal : lattice_->face_normals()) {
      const double a_over = Dot(a, normal) - lattice_->face_inradius() - reach;
      const double b_over = Dot(b, normal) - lattice_->face_inradius() - reach;
      if (a_over > 0 && b_over > 0) end = -1;
      if (a_over > 0 && b_over <= 0) begin = std::max(begin, a_over / (a_over - b_over));
      if (a_over <= 0 && b_over > 0) end = std::min(end, a_over / (a_over - b_over));
    }
    if (begin <= end) LineOnFace(face, a + begin * (b - a), a + end * (b - a), reach);
  }
}

void EdgeWalker::LineOnFace(int face, PlanePoint from, PlanePoint to, double reach) {
  const PlanePoint along = to - from;
  const double pieces = std::max(1.0, std::ceil(std::sqrt(Dot(along, along)) / kShortLine));
  PlanePoint last = from;
  for (double k = 1; k <= pieces && !tiles_->full(); ++k) {
    const PlanePoint next = from + (k / pieces) * along;
    ShortLine(face, last, next, reach);
    last = next;
  }
}

void EdgeWalker::ShortLine(int face, PlanePoint from, PlanePoint to, double reach) {
  const Tile tile = lattice_->TileAt(from, face);
  const PlanePoint center = TileCenter(tile);
  const PlanePoint a = from - center, b = to - center;
  tiles_->Add(tile);
  if (std::min(HexagonMargin(a), HexagonMargin(b)) > reach) return;
  for (const TileStep& step : kTileSteps) {
    const Tile other = {face, tile.i + step.di, tile.j + step.dj};
    const PlanePoint offset = TileCenter(other) - center;
    if (Touches(a - offset, b - offset, reach)) tiles_->Add(other);
  }
}

}  // namespace earthcatalog::grid
