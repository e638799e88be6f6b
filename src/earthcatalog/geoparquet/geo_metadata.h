// What a file says of itself beyond its columns; `geo` as GeoParquet 1.1 defines it.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <string>

#include "earthcatalog/base/envelope.h"
#include "earthcatalog/base/status.h"
#include "earthcatalog/base/wkb.h"
#include "earthcatalog/geoparquet/file_body.h"

namespace parquet {
class FileMetaData;
}

namespace earthcatalog::geoparquet {

// The key and value by which a file of this program says: the column `bbox` of each row contains the envelope
// (base/envelope.h) of its footprint. Files without it may have boxes that miss their geometry, as some items
// state them.
inline constexpr char kBoxRuleKey[] = "earthcatalog";
inline constexpr char kBoxesHold[] = "bbox=envelope";

// What the geometries of one file have in common.
class GeometrySummary {
 public:
  // `rows`: with the layout's columns; geometries are WKB or null. Errors name the row.
  Status Add(const arrow::RecordBatch& rows, const FileLayout& layout);

  // Types that occur and bounds of these rows' footprints, in JSON; `bbox` names the covering struct when
  // there is one.
  std::string ToJson(bool has_covering) const;

  // Whether the column `bbox` contains the envelope of each row's footprint, so that a reader who looks at it
  // alone misses none.
  bool boxes_hold() const { return boxes_hold_; }

 private:
  void Add(const Envelope& envelope);

  uint32_t types_ = 0;  // a bit for each type, and for each type with Z
  bool has_bounds_ = false;
  bool boxes_hold_ = true;
  double xmin_ = 0, ymin_ = 0, xmax_ = 0, ymax_ = 0;
};

// `geo`, `stac-geoparquet` and, where the boxes hold, what says so.
FileMetadata MetadataOf(const GeometrySummary& geometries, const FileLayout& layout);

// Whether a file says it and this program is the writer. Others copy the key along with rows that nobody has
// looked at, but name themselves as the writer.
bool BoxesHold(const parquet::FileMetaData& footer);

}  // namespace earthcatalog::geoparquet
