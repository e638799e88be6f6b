#include "earthcatalog/grid/face_lattice.h"

#include <h3/h3api.h>

#include <numbers>

namespace earthcatalog::grid {
namespace {

// The angle by which the lattices of odd resolutions are turned against those of even ones.
double TurnOf(int resolution) { return resolution % 2 == 0 ? 0 : std::asin(std::sqrt(3.0 / 28.0)); }

Vector3 DirectionOf(double lon, double lat) {
  return {std::cos(lat) * std::cos(lon), std::cos(lat) * std::sin(lon), std::sin(lat)};
}

Vector3 operator+(const Vector3& a, const Vector3& b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
Vector3 operator*(double s, const Vector3& a) { return {s * a.x, s * a.y, s * a.z}; }
Vector3 Cross(const Vector3& a, const Vector3& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
Vector3 Normalized(const Vector3& a) { return (1 / std::sqrt(Dot(a, a))) * a; }

PlanePoint Turned(PlanePoint p, double angle) {
  return {p.x * std::cos(angle) - p.y * std::sin(angle), p.x * std::sin(angle) + p.y * std::cos(angle)};
}

// The icosahedron's corners are the centres of H3's pentagons.
std::array<Vector3, 12> Corners() {
  std::array<H3Index, 12> pentagons;
  getPentagons(0, pentagons.data());
  std::array<Vector3, 12> corners;
  for (size_t k = 0; k < corners.size(); ++k) {
    LatLng center;
    cellToLatLng(pentagons[k], &center);
    corners[k] = DirectionOf(center.lng, center.lat);
  }
  return corners;
}

// Three corners that are neighbours of each other make a face; neighbours are 63.4 degrees apart, others
// 116.6.
template <typename Visit>
void ForEachFace(const std::array<Vector3, 12>& corners, Visit visit) {
  const auto neighbours = [&](size_t a, size_t b) { return Dot(corners[a], corners[b]) > 0; };
  for (size_t a = 0; a < corners.size(); ++a)
    for (size_t b = a + 1; b < corners.size(); ++b)
      for (size_t c = b + 1; c < corners.size(); ++c)
        if (neighbours(a, b) && neighbours(b, c) && neighbours(a, c))
          visit(corners[a], corners[b], corners[c]);
}

}  // namespace

FaceLattice::FaceLattice(int resolution) : resolution_(resolution) {
  const double turn = TurnOf(resolution);
  const double refinement = std::pow(7.0, resolution / 2.0);
  // At resolution 0 a face's corner lies two hexagons from its centre, the middle of its sides one.
  face_inradius_ = refinement;
  size_t face = 0;
  ForEachFace(Corners(), [&](const Vector3& a, const Vector3& b, const Vector3& c) {
    const Vector3 center = Normalized(a + b + c);
    const double cosine = Dot(center, a);
    const double corner_distance = std::sqrt(1 - cosine * cosine) / cosine;
    units_per_radian_ = 2 * refinement / corner_distance;
    const Vector3 to_corner = Normalized(a + (-cosine) * center);
    const Vector3 aside = Cross(center, to_corner);
    const Vector3 along = std::cos(turn) * to_corner + std::sin(turn) * aside;
    faces_[face++] = {center, units_per_radian_ * along, units_per_radian_ * Cross(center, along)};
  });
  for (size_t k = 0; k < 3; ++k) {
    const double opposite_corner = std::numbers::pi * (1 + 2.0 * static_cast<double>(k) / 3);
    face_normals_[k] = Turned({1, 0}, opposite_corner - turn);
  }
}

Vector3 FaceLattice::Direction(PlanePoint point, int face) const {
  const Face& f = faces_[static_cast<size_t>(face)];
  const double scale = 1 / (units_per_radian_ * units_per_radian_);
  return f.center + (scale * point.x) * f.along + (scale * point.y) * f.across;
}

Tile FaceLattice::TileAt(PlanePoint point, int face) const {
  // Rounding in three coordinates that sum to zero; the one rounded farthest follows from the other two.
  const double c = point.y / kSqrt3Half;
  const double a = point.x - 0.5 * c;
  const double b = -a - c;
  double ra = std::nearbyint(a), rb = std::nearbyint(b), rc = std::nearbyint(c);
  const double da = std::abs(ra - a), db = std::abs(rb - b), dc = std::abs(rc - c);
  if (da > db && da > dc) {
    ra = -rb - rc;
  } else if (dc >= db) {
    rc = -ra - rb;
  }
  return {face, static_cast<int32_t>(ra), static_cast<int32_t>(rc)};
}

int FaceLattice::NearestFace(const Vector3& direction) const {
  int best = 0;
  double best_cosine = -2;
  for (int face = 0; face < kFaces; ++face) {
    const double cosine = Nearness(direction, face);
    if (cosine > best_cosine) {
      best = face;
      best_cosine = cosine;
    }
  }
  return best;
}

Spot FaceLattice::Locate(double lon, double lat, int face_hint) const {
  Spot spot;
  spot.lon = lon;
  spot.lat = lat;
  spot.cos_lat = std::cos(lat);
  spot.direction = {spot.cos_lat * std::cos(lon), spot.cos_lat * std::sin(lon), std::sin(lat)};
  int face = face_hint;
  bool found = false;
  if (Nearness(spot.direction, face) > 0.75) {
    spot.at = Project(spot.direction, face);
    spot.face_margin = FaceMargin(spot.at);
    found = spot.face_margin > 0;
  }
  if (!found) {
    face = NearestFace(spot.direction);
    spot.at = Project(spot.direction, face);
    spot.face_margin = FaceMargin(spot.at);
  }
  spot.tile = TileAt(spot.at, face);
  spot.hexagon_margin = HexagonMargin(spot.at - TileCenter(spot.tile));
  return spot;
}

}  // namespace earthcatalog::grid
