#include "earthcatalog/geoparquet/geo_metadata.h"

#include <arrow/util/bit_util.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace earthcatalog::geoparquet {
namespace {

// In the order of their WKB codes, from 1.
constexpr std::array<std::string_view, 7> kTypeNames = {
    "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"};
constexpr uint32_t kWithZ = 8;

uint32_t TypeBit(uint32_t index, bool has_z) { return 1U << (index + (has_z ? kWithZ : 0)); }

constexpr std::string_view kCovering =
    R"(,"covering":{"bbox":{"xmin":["bbox","xmin"],"ymin":["bbox","ymin"],"xmax":["bbox","xmax"],"ymax":["bbox","ymax"]}})";

constexpr char kStacGeoparquetMetadata[] = R"({"version": "1.0.0"})";

}  // namespace

FileMetadata MetadataOf(const GeometrySummary& geometries, const FileLayout& layout) {
  return {{"geo", geometries.ToJson(layout.has_covering)}, {"stac-geoparquet", kStacGeoparquetMetadata}};
}

Status GeometrySummary::Add(const arrow::ArrayData& column) {
  const uint8_t* valid = column.MayHaveNulls() ? column.buffers[0]->data() : nullptr;
  const int32_t* offsets = column.GetValues<int32_t>(1);
  const char* bytes = column.GetValues<char>(2, 0);
  for (int64_t i = 0; i < column.length; ++i) {
    if (valid != nullptr && !arrow::bit_util::GetBit(valid, column.offset + i)) continue;
    const auto bounds = BoundsOfWkb({bytes + offsets[i], static_cast<size_t>(offsets[i + 1] - offsets[i])});
    if (!bounds.ok()) return WithContext(bounds.status(), fmt::format("geometry of row {}", i));
    Add(*bounds);
  }
  return Status::OK();
}

void GeometrySummary::Add(const GeometryBounds& bounds) {
  types_ |= TypeBit(static_cast<uint32_t>(bounds.type) - 1, bounds.has_z);
  if (bounds.empty) return;
  if (!has_bounds_) {
    xmin_ = bounds.xmin, ymin_ = bounds.ymin, xmax_ = bounds.xmax, ymax_ = bounds.ymax;
    has_bounds_ = true;
    return;
  }
  xmin_ = std::min(xmin_, bounds.xmin);
  ymin_ = std::min(ymin_, bounds.ymin);
  xmax_ = std::max(xmax_, bounds.xmax);
  ymax_ = std::max(ymax_, bounds.ymax);
}

std::string GeometrySummary::ToJson(bool has_covering) const {
  std::string json =
      R"({"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":[)";
  for (const bool has_z : {false, true}) {
    for (uint32_t type = 0; type < kTypeNames.size(); ++type) {
      if ((types_ & TypeBit(type, has_z)) == 0) continue;
      if (json.back() != '[') json += ',';
      fmt::format_to(std::back_inserter(json), "\"{}{}\"", kTypeNames[type], has_z ? " Z" : "");
    }
  }
  json += ']';
  if (has_bounds_ && std::isfinite(xmax_ - xmin_) && std::isfinite(ymax_ - ymin_)) {
    fmt::format_to(std::back_inserter(json), ",\"bbox\":[{},{},{},{}]", xmin_, ymin_, xmax_, ymax_);
  }
  if (has_covering) json += kCovering;
  json += "}}}";
  return json;
}

}  // namespace earthcatalog::geoparquet
