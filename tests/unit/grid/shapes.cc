#include "unit/grid/shapes.h"

#include <arrow/api.h>
#include <fmt/format.h>
#include <h3/h3api.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace earthcatalog::grid::testing {
namespace {

double Uniform(double low, double high, Random* random) {
  return std::uniform_real_distribution<double>(low, high)(*random);
}
bool Chance(double probability, Random* random) { return Uniform(0, 1, random) < probability; }

std::string HeaderWkb(GeometryType type) {
  std::string wkb;
  WkbWriter(&wkb).Header(type, false);
  return wkb;
}

void AppendCount(size_t count, std::string* wkb) {
  WkbWriter writer(wkb);
  const size_t place = writer.Count();
  writer.SetCount(place, static_cast<uint32_t>(count));
}

void AppendPositions(const Positions& positions, std::string* wkb) {
  AppendCount(positions.size(), wkb);
  WkbWriter writer(wkb);
  for (const Position& position : positions) {
    writer.Double(position.lon);
    writer.Double(position.lat);
  }
}

const Positions& RandomRing(const Shape& shape, Random* random) {
  const auto& polygon = shape.polygons[(*random)() % shape.polygons.size()];
  const size_t ring = (*random)() % (1 + polygon.holes.size());
  return ring == 0 ? polygon.shell : polygon.holes[ring - 1];
}

// Even-odd along the meridian, away from the enclosed pole.
bool RingHolds(const Positions& ring, double pole, Position p) {
  bool inside = false;
  for (int turn = -3; turn <= 3; ++turn) {
    const double lon = p.lon + 360 * turn;
    for (size_t k = 1; k < ring.size(); ++k) {
      const Position a = ring[k - 1], b = ring[k];
      if ((a.lon <= lon) == (b.lon <= lon)) continue;
      const double at = a.lat + (b.lat - a.lat) * (lon - a.lon) / (b.lon - a.lon);
      if (pole > 0 ? at < p.lat : at > p.lat) inside = !inside;
    }
  }
  return inside;
}

double ClampedLat(double lat) { return std::clamp(lat, -90.0, 90.0); }

// A star around a center: radii vary, so that it is not convex. Its own longitudes are stretched near the
// poles.
Positions Star(Position center, double radius, double flatness, size_t corners, double roughness,
               Random* random) {
  const double stretch = 1 / std::max(0.05, std::cos(center.lat * std::numbers::pi / 180));
  const double turn = Uniform(0, 2 * std::numbers::pi, random);
  Positions ring;
  for (size_t k = 0; k < corners; ++k) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(corners);
    const double r = radius * Uniform(1 - roughness, 1, random);
    const double x = r * std::cos(angle), y = flatness * r * std::sin(angle);
    ring.push_back({center.lon + std::clamp(stretch * (x * std::cos(turn) - y * std::sin(turn)), -80.0, 80.0),
                    ClampedLat(center.lat + x * std::sin(turn) + y * std::cos(turn))});
  }
  ring.push_back(ring.front());
  return ring;
}

Positions Box(Position center, double width, double height) {
  const double west = center.lon - width / 2, east = center.lon + width / 2;
  const double south = ClampedLat(center.lat - height / 2), north = ClampedLat(center.lat + height / 2);
  return {{west, south}, {east, south}, {east, north}, {west, north}, {west, south}};
}

Positions PolarRing(double pole, double distance, Random* random) {
  const size_t corners = 4 + (*random)() % 12;
  const double begin = Uniform(-180, 180, random);
  Positions ring;
  for (size_t k = 0; k <= corners; ++k)
    ring.push_back({begin + 360 * static_cast<double>(k) / static_cast<double>(corners),
                    pole - std::copysign(distance * Uniform(0.6, 1, random), pole)});
  ring.back().lat = ring.front().lat;
  return ring;
}

Position RandomCenter(Random* random) {
  Position center;
  if (Chance(0.5, random)) {
    const double sign = Uniform(-1, 1, random);  // of its own: compilers differ in which argument comes first
    center.lat = std::copysign(Uniform(60, 90, random), sign);
  } else {
    center.lat = std::asin(Uniform(-1, 1, random)) * 180 / std::numbers::pi;
  }
  center.lon = Chance(0.25, random) ? Uniform(175, 185, random) : Uniform(-180, 180, random);
  return center;
}

Shape::Polygon RandomPolygon(double size, Random* random) {
  const Position center = RandomCenter(random);
  const double stretch = 1 / std::max(0.02, std::cos(center.lat * std::numbers::pi / 180));
  switch ((*random)() % 6) {
    case 0:
      return {Box(center, std::min(170.0, size * stretch), size * Uniform(0.3, 1, random)), {}, 0};
    case 1:  // a sliver
      return {Star(center, size, 0.001, 4, 0.1, random), {}, 0};
    case 2:
      return {Star(center, size, 1, 5 + (*random)() % 40, 0.7, random), {}, 0};
    case 3: {  // a ring: the hole is smaller than the shell's least radius
      Shape::Polygon polygon = {Star(center, size, 1, 12, 0.1, random), {}, 0};
      polygon.holes.push_back(Star(center, 0.5 * size, 1, 9, 0.5, random));
      return polygon;
    }
    case 4:
      if (Chance(0.3, random)) {
        const double pole = Chance(0.5, random) ? 90 : -90;
        Shape::Polygon polygon = {PolarRing(pole, std::min(60.0, size), random), {}, pole};
        return polygon;
      }
      [[fallthrough]];
    default:
      return {Star(center, size, Uniform(0.5, 1, random), 4, 0.2, random), {}, 0};
  }
}

Position WrappedPosition(Position position) {
  position.lon -= 360 * std::floor((position.lon + 180) / 360);
  return position;
}

}  // namespace

std::string PointWkb(Position position) {
  std::string wkb = HeaderWkb(GeometryType::kPoint);
  WkbWriter writer(&wkb);
  writer.Double(position.lon);
  writer.Double(position.lat);
  return wkb;
}

std::string LineWkb(const Positions& positions) {
  std::string wkb = HeaderWkb(GeometryType::kLineString);
  AppendPositions(positions, &wkb);
  return wkb;
}

std::string PolygonWkb(const std::vector<Positions>& rings) {
  std::string wkb = HeaderWkb(GeometryType::kPolygon);
  AppendCount(rings.size(), &wkb);
  for (const Positions& ring : rings) AppendPositions(ring, &wkb);
  return wkb;
}

std::string CollectionWkb(GeometryType type, const std::vector<std::string>& members) {
  std::string wkb = HeaderWkb(type);
  AppendCount(members.size(), &wkb);
  for (const std::string& member : members) wkb += member;
  return wkb;
}

Written Write(const Shape& shape, Writing writing) {
  Written written;
  std::vector<std::string> members;
  double west = 1e9, east = -1e9;
  for (const Shape::Polygon& polygon : shape.polygons) {
    std::vector<Positions> rings = {polygon.shell};
    rings.insert(rings.end(), polygon.holes.begin(), polygon.holes.end());
    for (Positions& ring : rings) {
      for (Position& position : ring) {
        west = std::min(west, position.lon);
        east = std::max(east, position.lon);
        if (writing == Writing::kWrapped || polygon.pole != 0) position = WrappedPosition(position);
      }
      ring.back() = ring.front();
    }
    members.push_back(PolygonWkb(rings));
  }
  written.wkb = members.size() == 1 ? members[0] : CollectionWkb(GeometryType::kMultiPolygon, members);
  if (writing == Writing::kWrapped) {
    west = WrappedPosition({west, 0}).lon;
    east = WrappedPosition({east, 0}).lon;
    if (west > east) written.bbox = {west, east};
  }
  return written;
}

Shape RandomShape(double largest, Random* random) {
  const double size = 0.001 * std::pow(largest / 0.001, Uniform(0, 1, random));
  Shape shape = {{RandomPolygon(size, random)}};
  while (Chance(0.15, random)) shape.polygons.push_back(RandomPolygon(size, random));
  return shape;
}

Position PointOnEdge(const Shape& shape, Random* random) {
  const Positions& ring = RandomRing(shape, random);
  const size_t k = 1 + (*random)() % (ring.size() - 1);
  const double t = Chance(0.05, random) ? 0 : Uniform(0, 1, random);
  const Position a = ring[k - 1], b = ring[k];
  return {a.lon + t * (b.lon - a.lon), a.lat + t * (b.lat - a.lat)};
}

bool Inside(const Shape& shape, Position position) {
  return std::ranges::any_of(shape.polygons, [&](const Shape::Polygon& polygon) {
    return RingHolds(polygon.shell, polygon.pole, position) &&
           std::ranges::none_of(polygon.holes,
                                [&](const Positions& hole) { return RingHolds(hole, 0, position); });
  });
}

std::optional<Position> PointInside(const Shape& shape, Random* random) {
  const Shape::Polygon& polygon = shape.polygons[(*random)() % shape.polygons.size()];
  const auto [west, east] = std::ranges::minmax(polygon.shell, {}, &Position::lon);
  auto [south, north] = std::ranges::minmax(polygon.shell, {}, &Position::lat);
  if (polygon.pole > 0) north.lat = 90;
  if (polygon.pole < 0) south.lat = -90;
  for (int attempt = 0; attempt < 10; ++attempt) {
    const Position position = {Uniform(west.lon, east.lon, random), Uniform(south.lat, north.lat, random)};
    if (Inside(shape, position)) return position;
  }
  return std::nullopt;
}

CellId CellAt(Position position, int resolution) {
  const LatLng point = {degsToRads(position.lat), degsToRads(position.lon)};
  H3Index cell = 0;
  latLngToCell(&point, resolution, &cell);
  return cell;
}

std::set<CellId> Assign(const Partitioner& partitioner, const Written& written) {
  arrow::BinaryBuilder geometry;
  (void)geometry.Append(written.wkb);
  const std::shared_ptr<arrow::Array> wkb = geometry.Finish().ValueOrDie();
  std::shared_ptr<arrow::StructArray> bbox;
  if (written.bbox) {
    arrow::DoubleBuilder west, east;
    (void)west.Append(written.bbox->first);
    (void)east.Append(written.bbox->second);
    bbox = arrow::StructArray::Make({west.Finish().ValueOrDie(), east.Finish().ValueOrDie()},
                                    std::vector<std::string>{"xmin", "xmax"})
               .ValueOrDie();
  }
  const CellAssignments assignments =
      partitioner.Assign(static_cast<const arrow::BinaryArray&>(*wkb), bbox.get()).ValueOrDie();
  if (!assignments.rejected.empty()) return {};
  return {assignments.cells.begin(), assignments.cells.end()};
}

size_t CountExtra(const Shape& shape, const std::set<CellId>& cells, int resolution, size_t steps) {
  std::set<CellId> unmet = cells;
  for (const Shape::Polygon& polygon : shape.polygons) {
    std::vector<Positions> rings = {polygon.shell};
    rings.insert(rings.end(), polygon.holes.begin(), polygon.holes.end());
    for (const Positions& ring : rings) {
      for (size_t k = 1; k < ring.size(); ++k) {
        const Position a = ring[k - 1], b = ring[k];
        for (size_t step = 0; step <= steps && !unmet.empty(); ++step) {
          const double t = static_cast<double>(step) / static_cast<double>(steps);
          unmet.erase(CellAt({a.lon + t * (b.lon - a.lon), a.lat + t * (b.lat - a.lat)}, resolution));
        }
      }
    }
  }
  return static_cast<size_t>(std::ranges::count_if(unmet, [&](CellId cell) {
    LatLng center = {0, 0};
    cellToLatLng(cell, &center);
    return !Inside(shape, {radsToDegs(center.lng), radsToDegs(center.lat)});
  }));
}

std::string Describe(const Shape& shape) {
  std::string text;
  for (const Shape::Polygon& polygon : shape.polygons) {
    text += fmt::format("polygon (pole {}):", polygon.pole);
    for (const Position& position : polygon.shell)
      text += fmt::format(" {:.17g} {:.17g},", position.lon, position.lat);
    text += fmt::format(" {} holes; ", polygon.holes.size());
  }
  return text;
}

std::vector<CellId> LineOf(CellId cell) {
  std::vector<CellId> line = {cell};
  for (int resolution = getResolution(cell) - 1; resolution >= 0; --resolution) {
    H3Index parent = 0;
    cellToParent(cell, resolution, &parent);
    line.push_back(parent);
  }
  line.push_back(kGlobalCell);
  return line;
}

std::string FirstMissing(const Shape& shape, const std::set<CellId>& cells, int resolution, size_t points,
                         Random* random, Within within) {
  const auto holds = [&](CellId cell) {
    if (within == Within::kCells) return cells.contains(cell);
    return std::ranges::any_of(LineOf(cell), [&](CellId ancestor) { return cells.contains(ancestor); });
  };
  for (size_t k = 0; k < points; ++k) {
    const std::optional<Position> point =
        k % 2 == 0 ? PointOnEdge(shape, random) : PointInside(shape, random);
    if (point && !holds(CellAt(*point, resolution)))
      return fmt::format("{} point {:.17g} {:.17g} in none of the {} cells; {}",
                         k % 2 == 0 ? "edge" : "inner", point->lon, point->lat, cells.size(),
                         Describe(shape));
  }
  return "";
}

}  // namespace earthcatalog::grid::testing
