#include "earthcatalog/grid/footprint.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace earthcatalog::grid {
namespace {

constexpr double kFullTurn = 2 * std::numbers::pi;
constexpr double kRadians = std::numbers::pi / 180;

// Further around than any way of writing an antimeridian crossing needs: more likely another unit or another
// coordinate system.
constexpr double kFarthestLongitude = 540;
// Rounding at the pole (-90.00000000000001) is no error.
constexpr double kLatitudeSlack = 1e-9;
// What a bbox of single-precision floats may miss.
constexpr double kBboxSlack = 1e-5;

using Kind = GeometryPart::Kind;

bool IsRing(Kind kind) { return kind == Kind::kShell || kind == Kind::kHole; }

// What to add to the longitudes after the edge.
double TurnAfter(double from, double to, std::optional<LongitudeBounds> bbox) {
  const double extent = std::abs(to - from);
  if (extent <= 180 || extent >= 360) return 0;
  const bool meant = bbox && bbox->west <= bbox->east && bbox->west <= std::min(from, to) + kBboxSlack &&
                     bbox->east >= std::max(from, to) - kBboxSlack;
  if (meant) return 0;
  return to > from ? -360 : 360;
}

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
  Position last = part.positions.front();
  double turn = 0;
  const auto append = [&](const Position& position) {
    if (part.kind != Kind::kPoints) turn += TurnAfter(last.lon, position.lon, bbox);
    vertices_.push_back({(position.lon + turn) * kRadians, std::clamp(position.lat, -90.0, 90.0) * kRadians});
    last = position;
  };
  for (const Position& position : part.positions) {
    ARROW_RETURN_NOT_OK(CheckOnEarth(position));
    append(position);
  }
  const Position& first = part.positions.front();
  const bool open = last.lon != first.lon || last.lat != first.lat;
  if (IsRing(part.kind) && open) append(first);
  made.end = vertices_.size();
  const std::span<const Vertex> all = vertices(made);
  const auto [west, east] = std::ranges::minmax(all, {}, &Vertex::lon);
  made.min_lon = west.lon;
  made.max_lon = east.lon;
  if (IsRing(part.kind)) {
    made.turns = static_cast<int>(std::lround((all.back().lon - all.front().lon) / kFullTurn));
    double latitudes = 0;
    for (const Vertex& vertex : all.subspan(1)) latitudes += vertex.lat;
    made.encloses_north = latitudes >= 0;
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
