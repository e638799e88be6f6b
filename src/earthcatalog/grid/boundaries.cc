#include "earthcatalog/grid/boundaries.h"

#include <map>
#include <nlohmann/json.hpp>

#include "earthcatalog/base/text.h"
#include "earthcatalog/grid/cell_name.h"
#include "earthcatalog/grid/footprint.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::grid {
namespace {

using Json = nlohmann::json;

constexpr size_t kFewestPositions = 4;  // of a closed ring

// The member, or null where there is none.
const Json& Member(const Json& object, const std::string& name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

std::string TextOf(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

Result<std::string> NameOf(const Json& feature, const std::string& id_field) {
  const Json& value = Member(Member(feature, "properties"), id_field);
  const std::string field = OneLine(id_field);
  if (value.is_null()) return UsageError("has no property '{}', which is to be its name", field);
  if (!value.is_string() && !value.is_number_integer())
    return UsageError("the property '{}' is neither text nor an integer: {}", field, OneLine(value.dump()));
  std::string name = value.is_string() ? value.get<std::string>() : value.dump();
  if (const auto why = WhyNotACellName(name))
    return UsageError("the name '{}' (property '{}') {}", OneLine(name), field, *why);
  return name;
}

Result<Position> ReadPosition(const Json& value) {
  if (!value.is_array() || value.size() < 2 || !value[0].is_number() || !value[1].is_number())
    return UsageError("a position is not [longitude, latitude] but {}", OneLine(value.dump(), 80));
  const Position position = {value[0].get<double>(), value[1].get<double>()};
  const Status status = CheckOnEarth(position);
  if (!status.ok()) return UsageError("{}", status.message());
  return position;
}

Result<Ring> ReadRing(const Json& value) {
  if (!value.is_array()) return UsageError("a ring is not a list of positions");
  Ring ring;
  ring.reserve(value.size() + 1);
  for (const Json& position : value) {
    ARROW_ASSIGN_OR_RAISE(ring.emplace_back(), ReadPosition(position));
  }
  const bool open =
      !ring.empty() && (ring.front().lon != ring.back().lon || ring.front().lat != ring.back().lat);
  if (open) ring.push_back(ring.front());
  if (ring.size() < kFewestPositions)
    return UsageError("a ring has {} positions, but at least {} make an area", value.size(),
                      kFewestPositions);
  return ring;
}

Result<RegionPolygon> ReadPolygon(const Json& value) {
  if (!value.is_array() || value.empty()) return UsageError("a polygon has no rings");
  RegionPolygon polygon;
  for (const Json& ring : value) {
    ARROW_ASSIGN_OR_RAISE(polygon.emplace_back(), ReadRing(ring));
  }
  return polygon;
}

Result<std::vector<RegionPolygon>> ReadPolygons(const Json& geometry) {
  const std::string type = TextOf(Member(geometry, "type"));
  const Json& coordinates = Member(geometry, "coordinates");
  std::vector<RegionPolygon> polygons;
  if (type == "Polygon") {
    ARROW_ASSIGN_OR_RAISE(polygons.emplace_back(), ReadPolygon(coordinates));
  } else if (type == "MultiPolygon" && coordinates.is_array() && !coordinates.empty()) {
    for (const Json& polygon : coordinates) {
      ARROW_ASSIGN_OR_RAISE(polygons.emplace_back(), ReadPolygon(polygon));
    }
  } else if (type == "MultiPolygon") {
    return UsageError("the MultiPolygon has no polygons");
  } else {
    return UsageError("a region is a Polygon or a MultiPolygon, not {}",
                      type.empty() ? "a feature without geometry" : OneLine(type));
  }
  return polygons;
}

Result<Region> ReadFeature(const Json& feature, size_t number, const std::string& id_field) {
  Region region = {"", {}, number};
  if (TextOf(Member(feature, "type")) != "Feature") return UsageError("is no GeoJSON Feature");
  ARROW_ASSIGN_OR_RAISE(region.name, NameOf(feature, id_field));
  ARROW_ASSIGN_OR_RAISE(region.polygons, ReadPolygons(Member(feature, "geometry")));
  return region;
}

Result<std::vector<Region>> ReadCollection(const Json& root, const std::string& id_field) {
  const Json& features = Member(root, "features");
  if (TextOf(Member(root, "type")) != "FeatureCollection" || !features.is_array())
    return UsageError("is no GeoJSON FeatureCollection");
  if (features.empty()) return UsageError("has no features, so no regions");
  std::vector<Region> regions;
  std::map<std::string, size_t> feature_by_name;
  for (const Json& feature : features) {
    const size_t number = regions.size() + 1;
    const auto read = ReadFeature(feature, number, id_field);
    if (!read.ok()) return WithContext(read.status(), fmt::format("feature {}", number));
    regions.push_back(*read);
    const auto [first, added] = feature_by_name.emplace(regions.back().name, number);
    if (!added)
      return UsageError("feature {}: the name '{}' is already that of feature {}", number,
                        OneLine(first->first), first->second);
  }
  return regions;
}

// The library throws; that stops here.
Result<Json> Parse(const std::string& text) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return UsageError("is not valid JSON at byte {}", error.byte);
  } catch (const Json::exception&) {
    return UsageError("is not valid JSON: a number is too large");
  }
}

}  // namespace

Result<std::vector<Region>> LoadBoundaries(const std::string& path, const std::string& id_field) {
  ARROW_ASSIGN_OR_RAISE(const std::string text, io::ReadInput(path));
  const auto load = [&]() -> Result<std::vector<Region>> {
    ARROW_ASSIGN_OR_RAISE(const Json root, Parse(text));
    return ReadCollection(root, id_field);
  };
  Result<std::vector<Region>> regions = load();
  if (!regions.ok()) return WithContext(regions.status(), "the boundaries " + io::NameForMessages(path));
  return regions;
}

}  // namespace earthcatalog::grid
