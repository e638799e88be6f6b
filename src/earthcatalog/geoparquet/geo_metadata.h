// What a file says of itself beyond its columns; `geo` as GeoParquet 1.1 defines it.
#pragma once

#include <arrow/array/data.h>

#include <cstdint>
#include <string>

#include "earthcatalog/base/status.h"
#include "earthcatalog/base/wkb.h"
#include "earthcatalog/geoparquet/file_body.h"

namespace earthcatalog::geoparquet {

// What the geometries of one file have in common.
class GeometrySummary {
 public:
  // `column`: WKB or null. Errors name the row.
  Status Add(const arrow::ArrayData& column);

  // Types that occur and bounds of these rows, in JSON; `bbox` names the covering struct when there is one.
  std::string ToJson(bool has_covering) const;

 private:
  void Add(const GeometryBounds& bounds);

  uint32_t types_ = 0;  // a bit for each type, and for each type with Z
  bool has_bounds_ = false;
  double xmin_ = 0, ymin_ = 0, xmax_ = 0, ymax_ = 0;
};

// `geo` and `stac-geoparquet`.
FileMetadata MetadataOf(const GeometrySummary& geometries, const FileLayout& layout);

}  // namespace earthcatalog::geoparquet
