// H3's cells as plane geometry.
//
// H3 projects the sphere gnomonically on the 20 faces of an icosahedron: a point belongs to the face whose
// centre is nearest, and on that face to the hexagon of a regular lattice that contains it. In this
// projection great circles are straight lines. So on one face, whether something lies in a cell is a few
// half-plane tests, exact up to rounding, where the sphere would need trigonometry and planar
// longitude/latitude would be wrong.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace earthcatalog::grid {

struct Vector3 {
  double x, y, z;
};
inline double Dot(const Vector3& a, const Vector3& b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

// A point in a face's plane, in units of the distance between neighbouring hexagons' centres.
struct PlanePoint {
  double x, y;
};
inline double Dot(PlanePoint a, PlanePoint b) { return a.x * b.x + a.y * b.y; }
inline PlanePoint operator+(PlanePoint a, PlanePoint b) { return {a.x + b.x, a.y + b.y}; }
inline PlanePoint operator-(PlanePoint a, PlanePoint b) { return {a.x - b.x, a.y - b.y}; }
inline PlanePoint operator*(double s, PlanePoint a) { return {s * a.x, s * a.y}; }

// A hexagon of one face's lattice, by its column and row. Near the face's border it reaches over; a tile is
// the part on the face. Most cells are one tile, those over a border between faces are two, those over a
// corner five.
struct Tile {
  int32_t face, i, j;

  bool operator==(const Tile&) const = default;
};

inline constexpr double kSqrt3Half = 0.86602540378443864676;
inline constexpr double kHexagonInradius = 0.5;
inline constexpr double kHexagonSide = 0.57735026918962576451;

// The outward normals of three of a hexagon's sides; the other three are opposite.
inline constexpr std::array<PlanePoint, 3> kHexagonNormals = {
    {{1, 0}, {0.5, kSqrt3Half}, {-0.5, kSqrt3Half}}};
struct TileStep {
  int32_t di, dj;
};
inline constexpr std::array<TileStep, 6> kTileSteps = {{{1, 0}, {0, 1}, {-1, 1}, {-1, 0}, {0, -1}, {1, -1}}};

inline PlanePoint TileCenter(const Tile& tile) { return {tile.i + 0.5 * tile.j, kSqrt3Half * tile.j}; }

// How deep inside the hexagon a point lies, given relative to the hexagon's centre: its distance to the
// nearest side.
inline double HexagonMargin(PlanePoint d) {
  return kHexagonInradius - std::max({std::abs(d.x), std::abs(Dot(d, kHexagonNormals[1])),
                                      std::abs(Dot(d, kHexagonNormals[2]))});
}

// A point of the Earth, where it lies in the lattice.
struct Spot {
  double lon, lat;  // radians; the longitude is not wrapped
  double cos_lat;
  Vector3 direction;
  Tile tile;
  PlanePoint at;          // on the tile's face
  double hexagon_margin;  // distances to the borders of the tile's hexagon and face, in lattice units
  double face_margin;
};

// Immutable, so thread-safe. One per resolution.
class FaceLattice {
 public:
  static constexpr int kFaces = 20;

  explicit FaceLattice(int resolution);

  // `face_hint`: where the point probably is; any face will do.
  Spot Locate(double lon, double lat, int face_hint) const;

  // Where a direction meets the face's plane. Only for directions less than 90 degrees from the face's
  // centre.
  PlanePoint Project(const Vector3& direction, int face) const {
    const Face& f = faces_[static_cast<size_t>(face)];
    const double scale = 1 / Dot(direction, f.center);
    return {Dot(direction, f.along) * scale, Dot(direction, f.across) * scale};
  }
  // The inverse of Project; not of unit length.
  Vector3 Direction(PlanePoint point, int face) const;

  Tile TileAt(PlanePoint point, int face) const;

  // Distance to the border of the face, positive inside.
  double FaceMargin(PlanePoint point) const {
    return face_inradius_ - std::max({Dot(point, face_normals_[0]), Dot(point, face_normals_[1]),
                                      Dot(point, face_normals_[2])});
  }
  const std::array<PlanePoint, 3>& face_normals() const { return face_normals_; }
  double face_inradius() const { return face_inradius_; }

  // The cosine of the angle between the direction and the face's centre.
  double Nearness(const Vector3& direction, int face) const {
    return Dot(direction, faces_[static_cast<size_t>(face)].center);
  }

  // Lattice units per radian, at a face's centre.
  double units_per_radian() const { return units_per_radian_; }
  int resolution() const { return resolution_; }

 private:
  struct Face {
    Vector3 center;
    Vector3 along, across;  // the plane's axes times lattice units per radian
  };

  int NearestFace(const Vector3& direction) const;

  int resolution_;
  double units_per_radian_;
  double face_inradius_;
  std::array<PlanePoint, 3> face_normals_;
  std::array<Face, kFaces> faces_;
};

}  // namespace earthcatalog::grid
