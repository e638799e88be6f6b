#include "earthcatalog/grid/footprint.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace earthcatalog::grid {
namespace {

constexpr double kFullTurn = 2 * std::numbers::pi;
constexpr double kRadians = std::numbers::pi / 180;

using Kind = GeometryPart::Kind;

bool IsRing(Kind kind) { return kind == Kind::kShell || kind == Kind::kHole; }

}  // namespace

Status CheckOnEarth(const Position& position) {
  // Written so that what is not a number fails too.
  if (!(std::abs(position.lat) <= 90 + kLatitudeSlack))
    return CorruptError(
        "the geometry has latitude {}, beyond ±90: longitude, latitude in degrees are expected",
        position.lat);
  if (!(std::abs(position.lon) <= kFarthestLongitude))
    return CorruptError(
        "the geometry has longitude {}, beyond ±{}: longitude, latitude in degrees are expected",
        position.lon, kFarthestLongitude);
  return Status::OK();
}

Status Footprint::Set(const Geometry& geometry, std::optional<LongitudeBounds> bbox) {
  vertices_.clear();
  parts_.clear();
  for (const GeometryPart& part : geometry.parts)
    if (!part.positions.empty()) ARROW_RETURN_NOT_OK(Append(part, bbox));
  return Status::OK();
}

Status Footprint::Append(const GeometryPart& part, std::optional<LongitudeBounds> bbox) {
  FootprintPart made = {};
  made.kind = part.kind;
  made.begin = vertices_.size();
  EdgeFollower edges(bbox);
  const auto append = [&](const Position& position) {
    const double turn = part.kind == Kind::kPoints ? 0 : edges.Follow(position);
    vertices_.push_back({(position.lon + turn) * kRadians, std::clamp(position.lat, -90.0, 90.0) * kRadians});
  };
  for (const Position& position : part.positions) {
    ARROW_RETURN_NOT_OK(CheckOnEarth(position));
    append(position);
  }
  const Position &first = part.positions.front(), &last = part.positions.back();
  const bool open = last.lon != first.lon || last.lat != first.lat;
  if (IsRing(part.kind) && open) append(first);
  made.end = vertices_.size();
  const std::span<const Vertex> all = vertices(made);
  const auto [west, east] = std::ranges::minmax(all, {}, &Vertex::lon);
  made.min_lon = west.lon;
  made.max_lon = east.lon;
  if (IsRing(part.kind)) {
    made.turns = edges.turns();
    made.encloses_north = edges.encloses_north();
  }
  parts_.push_back(made);
  return Status::OK();
}

// Edges met on the way from a point along its meridian to a pole: eastward ones minus westward ones.
int Footprint::Crossings(const FootprintPart& ring, double lon, double lat, bool northward) const {
  int crossings = 0;
  const std::span<const Vertex> ring_vertices = vertices(ring);
  for (size_t k = 1; k < ring_vertices.size(); ++k) {
    const Vertex &a = ring_vertices[k - 1], &b = ring_vertices[k];
    if ((a.lon <= lon) == (b.lon <= lon)) continue;
    const double at = a.lat + (b.lat - a.lat) * ((lon - a.lon) / (b.lon - a.lon));
    if (northward ? at > lat : at < lat) crossings += b.lon > a.lon ? 1 : -1;
  }
  return crossings;
}

// `inside` decides by the number of times that the ring runs around the point.
template <typename Inside>
bool Footprint::RingContains(const FootprintPart& ring, double lon, double lat, Inside inside) const {
  // On the way to the pole that the ring does not enclose.
  const bool northward = ring.turns == 0 || !ring.encloses_north;
  int all_turns = 0;
  double there = lon + kFullTurn * std::ceil((ring.min_lon - lon) / kFullTurn);
  for (; there <= ring.max_lon; there += kFullTurn) {
    const int crossings = Crossings(ring, there, lat, northward);
    if (ring.turns == 0 && inside(crossings)) return true;
    all_turns += crossings;
  }
  return ring.turns != 0 && inside(all_turns);
}

bool Footprint::Contains(size_t shell, double lon, double lat) const {
  if (!RingContains(parts_[shell], lon, lat, [](int turns) { return turns != 0; })) return false;
  for (size_t k = shell + 1; k < parts_.size() && parts_[k].kind == Kind::kHole; ++k)
    if (RingContains(parts_[k], lon, lat, [](int turns) { return turns % 2 != 0; })) return false;
  return true;
}

}  // namespace earthcatalog::grid
