// Geometry as ISO WKB, the form it has in the table. Writing is the item stage's, reading the grid's and the
// file writer's. Little-endian out; both byte orders, ISO and EWKB dimension flags in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog {

enum class GeometryType : uint32_t {
  kPoint = 1,
  kLineString = 2,
  kPolygon = 3,
  kMultiPoint = 4,
  kMultiLineString = 5,
  kMultiPolygon = 6,
  kGeometryCollection = 7,
};

// A geometry flattened for walking: every line and every ring is one part; so are the points of a
// multi-point, and points that follow each other in a collection. Empty members leave no part.
// Longitude/latitude in degrees, as written: not wrapped, not normalised. Z and M are skipped.
struct Position {
  double lon;
  double lat;
};
struct GeometryPart {
  enum class Kind { kPoints, kLine, kShell, kHole };  // a hole belongs to the last shell before it
  Kind kind;
  std::vector<Position> positions;
};
struct Geometry {
  GeometryType type;
  bool has_z = false;
  std::vector<GeometryPart> parts;  // empty for an empty geometry
};

// Bounds-checked: any byte string gives a geometry with finite coordinates or an error of kind kCorrupt.
// Bytes behind the geometry and nesting of collections beyond 32 are errors. SRIDs are skipped.
Result<Geometry> ParseWkb(std::string_view wkb);

// Type and bounds alone, without building parts; for files' metadata. Coordinates that are not a number are
// left out. When `empty`, the bounds are +infinity and -infinity, so that a union by minimum and maximum
// needs no case for it.
struct GeometryBounds {
  GeometryType type;
  bool has_z = false;
  bool empty = true;
  double xmin, ymin, xmax, ymax;
};
Result<GeometryBounds> BoundsOfWkb(std::string_view wkb);

// Appends WKB to a caller's buffer. Counts are patched when a level ends, so that a streaming parser can
// write without knowing them beforehand.
class WkbWriter {
 public:
  explicit WkbWriter(std::string* out) : out_(out) {}

  // Byte order mark and type code; returns nothing to patch.
  void Header(GeometryType type, bool has_z);
  // A count to be set later with SetCount; returns its place.
  size_t Count();
  void SetCount(size_t place, uint32_t count);
  void Double(double value);

 private:
  std::string* out_;
};

}  // namespace earthcatalog
