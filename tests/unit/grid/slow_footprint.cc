#include "unit/grid/slow_footprint.h"

#include <h3/h3api.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "unit/grid/shapes.h"

namespace earthcatalog::grid::testing {
namespace {

constexpr double kRadians = std::numbers::pi / 180;

// Of a cell's radius; what comes nearer to a border is not decided.
constexpr double kUndecided = 1e-6;
// Halvings for one edge and cell: an edge along a border would take them without end.
constexpr int kMostSteps = 400;

// What "straight in longitude and latitude" and the rule for long edges make of a list of positions.
std::vector<Position> RunOn(const std::vector<Position>& written, bool close,
                            std::optional<std::pair<double, double>> bbox) {
  std::vector<Position> positions = {written.front()};
  double shift = 0;
  for (size_t k = 1; k < written.size() + (close ? 1 : 0); ++k) {
    const double from = written[k - 1].lon, to = written[k % written.size()].lon;
    const bool spans = bbox && bbox->first <= bbox->second && bbox->first <= std::min(from, to) + 1e-5 &&
                       bbox->second >= std::max(from, to) - 1e-5;
    if (!spans && std::abs(to - from) > 180 && std::abs(to - from) < 360) shift += from < to ? -360 : 360;
    positions.push_back({to + shift, written[k % written.size()].lat});
  }
  return positions;
}

Vector3 DirectionOf(Position degrees) {
  const double lon = degrees.lon * kRadians, lat = degrees.lat * kRadians;
  return {std::cos(lat) * std::cos(lon), std::cos(lat) * std::sin(lon), std::sin(lat)};
}
Vector3 Cross(const Vector3& a, const Vector3& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
double Angle(const Vector3& a, const Vector3& b) {
  const Vector3 cross = Cross(a, b);
  return std::atan2(std::sqrt(Dot(cross, cross)), Dot(a, b));
}
// From a point to the shorter great-circle arc between two others.
double AngleToArc(const Vector3& p, const Vector3& a, const Vector3& b) {
  const Vector3 normal = Cross(a, b);
  if (Dot(Cross(normal, a), p) > 0 && Dot(Cross(b, normal), p) > 0)
    return std::abs(std::asin(Dot(normal, p) / std::sqrt(Dot(normal, normal))));
  return std::min(Angle(p, a), Angle(p, b));
}

}  // namespace

SlowFootprint::SlowFootprint(const Geometry& geometry, std::optional<std::pair<double, double>> bbox) {
  for (const GeometryPart& part : geometry.parts) {
    if (part.positions.empty()) continue;
    if (part.kind == GeometryPart::Kind::kPoints) {
      for (const Position& position : part.positions) edges_.push_back({position, position});
      continue;
    }
    const Position first = part.positions.front(), last = part.positions.back();
    const bool ring = part.kind != GeometryPart::Kind::kLine;
    const bool open = first.lon != last.lon || first.lat != last.lat;
    std::vector<Position> positions = RunOn(part.positions, ring && open, bbox);
    if (positions.size() == 1) edges_.push_back({first, first});
    for (size_t k = 1; k < positions.size(); ++k) edges_.push_back({positions[k - 1], positions[k]});
    if (!ring) continue;
    const auto turns = static_cast<int>(std::lround((positions.back().lon - positions.front().lon) / 360));
    double latitudes = 0;
    for (size_t k = 1; k < positions.size(); ++k) latitudes += positions[k].lat;
    const auto count = static_cast<double>(std::max<size_t>(1, positions.size() - 1));
    rings_.push_back(
        {part.kind == GeometryPart::Kind::kHole, std::move(positions), turns, latitudes / count});
  }
}

// By the winding number: edges over the position's meridian, on the way to the pole that a ring around the
// Earth does not enclose, to the south otherwise.
std::optional<bool> SlowFootprint::Ring::Encloses(Position position) const {
  if (std::abs(turns) > 1 || (turns != 0 && std::abs(mean_lat) < 1e-9)) return std::nullopt;
  const bool northward = turns != 0 && mean_lat < 0;
  const auto [west, east] = std::ranges::minmax(positions, {}, &Position::lon);
  const double first_turn = std::floor((west.lon - position.lon) / 360);
  bool enclosed = false;
  int all = 0;
  for (double turn = first_turn; position.lon + 360 * turn <= east.lon; ++turn) {
    const double lon = position.lon + 360 * turn;
    int winding = 0;
    for (size_t k = 1; k < positions.size(); ++k) {
      const Position a = positions[k - 1], b = positions[k];
      if ((a.lon < lon) == (b.lon < lon)) continue;
      const double at = a.lat + (lon - a.lon) / (b.lon - a.lon) * (b.lat - a.lat);
      if (northward ? at > position.lat : at < position.lat) winding += a.lon < b.lon ? 1 : -1;
    }
    enclosed = enclosed || (hole ? winding % 2 != 0 : winding != 0);
    all += winding;
  }
  if (turns == 0) return enclosed;
  return hole ? all % 2 != 0 : all != 0;
}

std::optional<bool> SlowFootprint::Inside(Position position) const {
  for (size_t shell = 0; shell < rings_.size();) {
    std::optional<bool> inside = rings_[shell].Encloses(position);
    for (++shell; shell < rings_.size() && rings_[shell].hole; ++shell) {
      const std::optional<bool> in_hole = rings_[shell].Encloses(position);
      if (inside == true) inside = in_hole ? std::optional(!*in_hole) : std::nullopt;
    }
    if (inside != false) return inside;
  }
  return false;
}

SlowCell::SlowCell(CellId cell) : id_(cell), resolution_(getResolution(cell)) {
  LatLng center = {0, 0};
  cellToLatLng(cell, &center);
  center_ = {radsToDegs(center.lng), radsToDegs(center.lat)};
  center_direction_ = DirectionOf(center_);
  CellBoundary boundary = {};
  cellToBoundary(cell, &boundary);
  for (int k = 0; k < boundary.numVerts; ++k) {
    corners_.push_back(DirectionOf({radsToDegs(boundary.verts[k].lng), radsToDegs(boundary.verts[k].lat)}));
    radius_ = std::max(radius_, Angle(center_direction_, corners_.back()));
  }
}

bool SlowCell::Holds(Position position) const { return CellAt(position, resolution_) == id_; }

double SlowCell::Distance(Position position) const {
  const Vector3 direction = DirectionOf(position);
  const double around = Angle(direction, center_direction_) - radius_;
  if (around > radius_) return around;
  if (Holds(position)) return 0;
  double distance = 10;
  for (size_t k = 0; k < corners_.size(); ++k)
    distance = std::min(distance, AngleToArc(direction, corners_[k], corners_[(k + 1) % corners_.size()]));
  return distance;
}

SlowCell::Reach SlowCell::ReachOf(const SlowEdge& edge) const {
  if (Distance(edge.from) == 0 || Distance(edge.to) == 0) return Reach::kInto;
  struct Stretch {
    double begin, end;
  };
  std::vector<Stretch> open = {{0, 1}};
  Reach reach = Reach::kFar;
  for (int step = 0; !open.empty(); ++step) {
    if (step == kMostSteps) return Reach::kNear;
    const auto [begin, end] = open.back();
    open.pop_back();
    const double middle = 0.5 * (begin + end);
    const Position at = edge.At(middle), from = edge.At(begin), to = edge.At(end);
    const double distance = Distance(at);
    if (distance == 0) return Reach::kInto;
    const bool over_equator = (from.lat < 0) != (to.lat < 0);
    const double lat = over_equator ? 0 : std::min(std::abs(from.lat), std::abs(to.lat));
    const double half_way =
        0.5 * kRadians * std::hypot((to.lon - from.lon) * std::cos(lat * kRadians), to.lat - from.lat);
    const double undecided = kUndecided * radius_;
    if (distance > half_way + undecided) continue;
    if (half_way < undecided) {
      reach = Reach::kNear;
      continue;
    }
    open.push_back({begin, middle});
    open.push_back({middle, end});
  }
  return reach;
}

}  // namespace earthcatalog::grid::testing
