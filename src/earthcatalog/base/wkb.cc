#include "earthcatalog/base/wkb.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace earthcatalog {
namespace {

constexpr int kMaxNesting = 32;
constexpr uint32_t kEwkbZ = 0x80000000, kEwkbM = 0x40000000, kEwkbSrid = 0x20000000;

template <typename Word>
Word SwapBytes(Word value) {
  if constexpr (sizeof(Word) == 4) return __builtin_bswap32(value);
  return __builtin_bswap64(value);
}

struct Header {
  GeometryType type;
  bool swap;
  bool has_z;
  size_t position_bytes;
};

// Walks a geometry and tells `sink` what it meets. The sink has
//   void Begin(GeometryPart::Kind, size_t positions)   a sequence begins; never called with 0 positions
//   void Add(double lon, double lat)
// A multi-point is one sequence per point; an empty point is none.
template <typename Sink>
class WkbWalker {
 public:
  WkbWalker(std::string_view wkb, Sink* sink) : wkb_(wkb), sink_(sink) {}

  Result<Header> Walk() {
    ARROW_ASSIGN_OR_RAISE(Header header, ReadHeader());
    const Header outermost = header;
    ARROW_RETURN_NOT_OK(Body(header, 1));
    if (at_ != wkb_.size()) return Error("ends before its last byte");
    return outermost;
  }

 private:
  Status Error(std::string_view what) const {
    return CorruptError("the geometry is not valid WKB: at byte {} of {} it {}", at_, wkb_.size(), what);
  }

  Result<Header> ReadHeader() {
    if (wkb_.size() - at_ < 5) return Error("is cut off");
    const char order = wkb_[at_];
    if (order != 0 && order != 1) return Error("has no byte order mark");
    ++at_;
    const bool swap = (order == 1) != (std::endian::native == std::endian::little);
    uint32_t code = Word<uint32_t>(swap);
    bool has_z = (code & kEwkbZ) != 0;
    bool has_m = (code & kEwkbM) != 0;
    if ((code & kEwkbSrid) != 0) {
      if (wkb_.size() - at_ < 4) return Error("is cut off");
      at_ += 4;
    }
    code &= ~(kEwkbZ | kEwkbM | kEwkbSrid);
    const uint32_t dimensions = code / 1000;
    code %= 1000;
    if (dimensions > 3 || code < 1 || code > 7) return Error("names no known geometry type");
    has_z = has_z || (dimensions & 1) != 0;
    has_m = has_m || (dimensions & 2) != 0;
    const size_t doubles = 2 + (has_z ? 1 : 0) + (has_m ? 1 : 0);
    return Header{static_cast<GeometryType>(code), swap, has_z, doubles * sizeof(double)};
  }

  Status Body(const Header& header, int nesting) {
    switch (header.type) {
      case GeometryType::kPoint:
        return Point(header);
      case GeometryType::kLineString:
        return Sequence(header, GeometryPart::Kind::kLine).status();
      case GeometryType::kPolygon:
        return Polygon(header);
      case GeometryType::kMultiPoint:
        return Members(header, GeometryType::kPoint, nesting);
      case GeometryType::kMultiLineString:
        return Members(header, GeometryType::kLineString, nesting);
      case GeometryType::kMultiPolygon:
        return Members(header, GeometryType::kPolygon, nesting);
      case GeometryType::kGeometryCollection:
        return Members(header, std::nullopt, nesting);
    }
    return Error("names no known geometry type");
  }

  Status Point(const Header& header) {
    if (wkb_.size() - at_ < header.position_bytes) return Error("is cut off");
    const double lon = DoubleAt(at_, header.swap);
    const double lat = DoubleAt(at_ + sizeof(double), header.swap);
    at_ += header.position_bytes;
    if (std::isnan(lon) && std::isnan(lat)) return Status::OK();  // the only way WKB has to say POINT EMPTY
    sink_->Begin(GeometryPart::Kind::kPoints, 1);
    sink_->Add(lon, lat);
    return Status::OK();
  }

  Status Polygon(const Header& header) {
    ARROW_ASSIGN_OR_RAISE(const uint32_t rings, Count(header));
    bool empty_shell = false;
    for (uint32_t ring = 0; ring < rings; ++ring) {
      const auto kind = ring == 0 ? GeometryPart::Kind::kShell : GeometryPart::Kind::kHole;
      ARROW_ASSIGN_OR_RAISE(const uint32_t positions, Sequence(header, kind));
      if (ring == 0) empty_shell = positions == 0;
      if (positions > 0 && empty_shell) return Error("has a hole in an empty polygon");
    }
    return Status::OK();
  }

  // Returns the number of positions.
  Result<uint32_t> Sequence(const Header& header, GeometryPart::Kind kind) {
    ARROW_ASSIGN_OR_RAISE(const uint32_t positions, Count(header));
    if (positions > (wkb_.size() - at_) / header.position_bytes) return Error("is cut off");
    if (positions == 0) return positions;
    sink_->Begin(kind, positions);
    for (uint32_t i = 0; i < positions; ++i, at_ += header.position_bytes) {
      sink_->Add(DoubleAt(at_, header.swap), DoubleAt(at_ + sizeof(double), header.swap));
    }
    return positions;
  }

  // The members of a multi-geometry, all of type `expected`, or those of a collection.
  Status Members(const Header& header, std::optional<GeometryType> expected, int nesting) {
    if (nesting > kMaxNesting) return Error("nests too deep");
    ARROW_ASSIGN_OR_RAISE(const uint32_t members, Count(header));
    for (uint32_t i = 0; i < members; ++i) {
      ARROW_ASSIGN_OR_RAISE(const Header member, ReadHeader());
      if (expected.has_value() && member.type != *expected) return Error("has a member of the wrong type");
      ARROW_RETURN_NOT_OK(Body(member, nesting + 1));
    }
    return Status::OK();
  }

  Result<uint32_t> Count(const Header& header) {
    if (wkb_.size() - at_ < 4) return Error("is cut off");
    return Word<uint32_t>(header.swap);
  }

  template <typename T>
  T Word(bool swap) {
    T value;
    std::memcpy(&value, wkb_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return swap ? SwapBytes(value) : value;
  }

  double DoubleAt(size_t place, bool swap) const {
    uint64_t bits;
    std::memcpy(&bits, wkb_.data() + place, sizeof(bits));
    return std::bit_cast<double>(swap ? SwapBytes(bits) : bits);
  }

  const std::string_view wkb_;
  Sink* const sink_;
  size_t at_ = 0;
};

class PartsSink {
 public:
  void Begin(GeometryPart::Kind kind, size_t positions) {
    // Points that follow each other are one part: a multi-point costs no vector per point.
    if (kind == GeometryPart::Kind::kPoints && !parts.empty() && parts.back().kind == kind) return;
    parts.push_back({kind, {}});
    parts.back().positions.reserve(positions);
  }
  void Add(double lon, double lat) {
    parts.back().positions.push_back({lon, lat});
    finite = finite && std::isfinite(lon) && std::isfinite(lat);
  }

  std::vector<GeometryPart> parts;
  bool finite = true;
};

class BoundsSink {
 public:
  void Begin(GeometryPart::Kind, size_t) {}
  void Add(double lon, double lat) {  // comparisons with NaN are false: such a coordinate moves no bound
    if (lon < xmin) xmin = lon;
    if (lon > xmax) xmax = lon;
    if (lat < ymin) ymin = lat;
    if (lat > ymax) ymax = lat;
  }

  double xmin = std::numeric_limits<double>::infinity(), ymin = xmin;
  double xmax = -xmin, ymax = -xmin;
};

template <typename T>
void AppendLittleEndian(T value, std::string* out) {
  if constexpr (std::endian::native == std::endian::big) value = SwapBytes(value);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out->append(bytes, sizeof(T));
}

}  // namespace

Result<Geometry> ParseWkb(std::string_view wkb) {
  PartsSink sink;
  ARROW_ASSIGN_OR_RAISE(const Header header, WkbWalker<PartsSink>(wkb, &sink).Walk());
  if (!sink.finite) return CorruptError("the geometry has a coordinate that is not a finite number");
  return Geometry{header.type, header.has_z, std::move(sink.parts)};
}

Result<GeometryBounds> BoundsOfWkb(std::string_view wkb) {
  BoundsSink sink;
  ARROW_ASSIGN_OR_RAISE(const Header header, WkbWalker<BoundsSink>(wkb, &sink).Walk());
  const bool empty = !(sink.xmin <= sink.xmax && sink.ymin <= sink.ymax);
  return GeometryBounds{header.type, header.has_z, empty, sink.xmin, sink.ymin, sink.xmax, sink.ymax};
}

void WkbWriter::Header(GeometryType type, bool has_z) {
  out_->push_back(1);  // little-endian
  AppendLittleEndian(static_cast<uint32_t>(type) + (has_z ? 1000u : 0u), out_);
}

size_t WkbWriter::Count() {
  out_->append(4, '\0');
  return out_->size() - 4;
}

void WkbWriter::SetCount(size_t place, uint32_t count) {
  if constexpr (std::endian::native == std::endian::big) count = SwapBytes(count);
  std::memcpy(out_->data() + place, &count, sizeof(count));
}

void WkbWriter::Double(double value) { AppendLittleEndian(std::bit_cast<uint64_t>(value), out_); }

}  // namespace earthcatalog
