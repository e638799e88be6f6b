// A geometry column's value as the members of a GeoJSON geometry.
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog::item {

struct GeoJsonParts {
  std::string_view type;       // "Polygon"
  std::string_view list_name;  // "coordinates", or "geometries" of a collection
  std::string list;            // its JSON text
};

// Of any well-formed WKB, both byte orders, ISO or extended dimension flags; Z is kept where it is a number.
// kCorrupt for other bytes and for longitudes and latitudes that are none.
Result<GeoJsonParts> GeoJsonFromWkb(std::string_view wkb);

}  // namespace earthcatalog::item
