// Regions of a GeoJSON file.
#pragma once

#include <string>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/base/wkb.h"

namespace earthcatalog::grid {

using Ring = std::vector<Position>;       // closed, at least four positions, each on Earth
using RegionPolygon = std::vector<Ring>;  // the shell, then its holes; may cross itself

struct Region {
  std::string name;  // usable as a cell's (cell_name.h), distinct
  std::vector<RegionPolygon> polygons;
  size_t feature;  // its number in the file, from 1
};

// The Polygon and MultiPolygon features of a FeatureCollection, in the file's order: at least one. `path`: a
// local path, an s3:// or http(s) URL. `id_field`: the property (text or integer) that names the region.
//
// Usage errors name the file and the feature. Errors of reading are those of io::ReadInput.
Result<std::vector<Region>> LoadBoundaries(const std::string& path, const std::string& id_field);

}  // namespace earthcatalog::grid
