// WKB: any bytes are a geometry or an error, all readers of it agree, and what is written reads the same.
#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "check.h"
#include "earthcatalog/item/geojson.h"
#include "geometry_wkb.h"

namespace earthcatalog {
namespace {

bool SameParts(const Geometry& a, const Geometry& b) {
  const auto same_position = [](const Position& p, const Position& q) {
    return p.lon == q.lon && p.lat == q.lat;
  };
  return a.type == b.type && a.has_z == b.has_z &&
         std::ranges::equal(a.parts, b.parts, [&](const GeometryPart& p, const GeometryPart& q) {
           return p.kind == q.kind && std::ranges::equal(p.positions, q.positions, same_position);
         });
}

void CheckBounds(const Geometry& geometry, const GeometryBounds& bounds) {
  double xmin = std::numeric_limits<double>::infinity(), ymin = xmin, xmax = -xmin, ymax = -xmin;
  for (const GeometryPart& part : geometry.parts) {
    for (const Position& position : part.positions) {
      xmin = std::min(xmin, position.lon);
      xmax = std::max(xmax, position.lon);
      ymin = std::min(ymin, position.lat);
      ymax = std::max(ymax, position.lat);
    }
  }
  fuzz::Check(bounds.type == geometry.type && bounds.has_z == geometry.has_z, "bounds of another type");
  fuzz::Check(bounds.empty == geometry.parts.empty(), "the bounds say empty {}", bounds.empty);
  fuzz::Check(bounds.xmin == xmin && bounds.xmax == xmax && bounds.ymin == ymin && bounds.ymax == ymax,
              "bounds {} {} {} {} instead of {} {} {} {}", bounds.xmin, bounds.ymin, bounds.xmax, bounds.ymax,
              xmin, ymin, xmax, ymax);
}

void CheckBytes(std::string_view wkb) {
  const auto bounds = BoundsOfWkb(wkb);
  const auto geometry = ParseWkb(wkb);
  const auto geojson = item::GeoJsonFromWkb(wkb);
  fuzz::Check(geojson.ok() || !geometry.ok(), "no GeoJSON of a geometry: {}", geojson.status().ToString());
  if (!geometry.ok()) {
    fuzz::Check(KindOf(geometry.status()) == ErrorKind::kCorrupt, "{}", geometry.status().ToString());
    return;
  }
  CheckBounds(*geometry, fuzz::Must(bounds, "bounds of a geometry"));
  fuzz::Check(nlohmann::json::accept(geojson->list), "not JSON: {}", geojson->list);
  if (geometry->type == GeometryType::kPoint && geometry->parts.empty()) return;  // has no list to write
  const auto again = fuzz::Must(ParseWkb(fuzz::WkbOf(*geometry)), "reading what was written");
  fuzz::Check(SameParts(*geometry, again), "it reads differently when written again");
}

}  // namespace
}  // namespace earthcatalog

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  earthcatalog::CheckBytes({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
