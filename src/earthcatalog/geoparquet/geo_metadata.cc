#include "earthcatalog/geoparquet/geo_metadata.h"

#include <arrow/array.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <string_view>

#include "earthcatalog/item/stated_bbox.h"

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

using arrow::internal::checked_cast;

// The column `bbox` of a layout that has a covering.
class BoxColumn {
 public:
  explicit BoxColumn(const arrow::RecordBatch& rows) : boxes_(rows.GetColumnByName("bbox")) {
    for (size_t i = 0; i < kSides.size(); ++i) {
      sides_[i] = checked_cast<const arrow::StructArray&>(*boxes_).GetFieldByName(kSides[i]);
    }
  }

  // NaN contains nothing.
  bool Contains(const Envelope& envelope, int64_t row) const {
    if (boxes_->IsNull(row)) return false;
    for (const auto& side : sides_) {
      if (side->IsNull(row)) return false;
    }
    return Side(0, row) <= envelope.xmin && Side(1, row) <= envelope.ymin && Side(2, row) >= envelope.xmax &&
           Side(3, row) >= envelope.ymax;
  }

 private:
  static constexpr std::array<const char*, 4> kSides = {"xmin", "ymin", "xmax", "ymax"};

  double Side(size_t side, int64_t row) const {
    return checked_cast<const arrow::DoubleArray&>(*sides_[side]).Value(row);
  }

  std::shared_ptr<arrow::Array> boxes_;
  std::array<std::shared_ptr<arrow::Array>, 4> sides_;
};

}  // namespace

FileMetadata MetadataOf(const GeometrySummary& geometries, const FileLayout& layout) {
  FileMetadata metadata = {{"geo", geometries.ToJson(layout.has_covering)},
                           {"stac-geoparquet", kStacGeoparquetMetadata}};
  if (geometries.boxes_hold()) metadata.emplace_back(kBoxRuleKey, kBoxesHold);
  return metadata;
}

bool BoxesHold(const parquet::FileMetaData& footer) {
  const auto& metadata = footer.key_value_metadata();
  return footer.created_by().starts_with(kCreator) && metadata != nullptr &&
         metadata->Get(kBoxRuleKey).ValueOr("") == kBoxesHold;
}

Status GeometrySummary::Add(const arrow::RecordBatch& rows, const FileLayout& layout) {
  const auto& geometries = checked_cast<const arrow::BinaryArray&>(*rows.column(layout.geometry));
  const auto boxes = layout.has_covering ? std::optional(BoxColumn(rows)) : std::nullopt;
  boxes_hold_ = boxes_hold_ && boxes;
  std::optional<item::StatedBoxes> stated;  // few rows need what it says
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    if (geometries.IsNull(row)) continue;
    const std::string_view wkb = geometries.GetView(row);
    const auto bounds = BoundsOfWkb(wkb);
    if (!bounds.ok()) return WithContext(bounds.status(), fmt::format("geometry of row {}", row));
    types_ |= TypeBit(static_cast<uint32_t>(bounds->type) - 1, bounds->has_z);
    if (bounds->empty) continue;
    if (!IsPlain(*bounds) && !stated) stated.emplace(rows);
    const Envelope envelope =
        EnvelopeOf(wkb, *bounds, IsPlain(*bounds) ? std::nullopt : stated->LongitudesAt(row));
    Add(envelope);
    boxes_hold_ = boxes_hold_ && boxes->Contains(envelope, row);
  }
  return Status::OK();
}

void GeometrySummary::Add(const Envelope& envelope) {
  if (!has_bounds_) {
    xmin_ = envelope.xmin, ymin_ = envelope.ymin, xmax_ = envelope.xmax, ymax_ = envelope.ymax;
    has_bounds_ = true;
    return;
  }
  xmin_ = std::min(xmin_, envelope.xmin);
  ymin_ = std::min(ymin_, envelope.ymin);
  xmax_ = std::max(xmax_, envelope.xmax);
  ymax_ = std::max(ymax_, envelope.ymax);
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
