#include "earthcatalog/item/geojson.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "earthcatalog/base/wkb.h"
#include "earthcatalog/item/json_reader.h"

namespace earthcatalog::item {
namespace {

constexpr int kMaxNesting = 32;
constexpr uint32_t kEwkbZ = 0x80000000, kEwkbM = 0x40000000, kEwkbSrid = 0x20000000;
constexpr std::array<std::string_view, 7> kTypeNames = {
    "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"};

// Reads WKB and writes coordinates. After the first fault everything reads as zero and nothing more is
// written.
class Reader {
 public:
  explicit Reader(std::string_view wkb) : rest_(wkb) {}

  Result<GeoJsonParts> Read() {
    GeoJsonParts parts;
    const Header header = ReadHeader();
    Body(header, 1, &parts.list);
    if (!ok_ || !rest_.empty()) return CorruptError("the geometry is not valid WKB");
    parts.type = kTypeNames[static_cast<size_t>(header.type) - 1];
    parts.list_name = header.type == GeometryType::kGeometryCollection ? "geometries" : "coordinates";
    return parts;
  }

 private:
  struct Header {
    GeometryType type = GeometryType::kPoint;
    int doubles = 2;
    bool has_z = false;
    bool swap = false;
  };

  template <typename T>
  T Read(bool swap) {
    std::array<char, sizeof(T)> bytes{};
    if (rest_.size() < sizeof(T)) {
      Fail();
    } else {
      std::memcpy(bytes.data(), rest_.data(), sizeof(T));
      rest_.remove_prefix(sizeof(T));
    }
    if (swap) std::reverse(bytes.begin(), bytes.end());
    return std::bit_cast<T>(bytes);
  }

  Header ReadHeader() {
    Header header;
    const auto order = Read<uint8_t>(false);
    header.swap = (order == 1) != (std::endian::native == std::endian::little);
    uint32_t code = Read<uint32_t>(header.swap);
    if ((code & kEwkbSrid) != 0) Read<uint32_t>(header.swap);
    const uint32_t flags = code;
    code &= ~(kEwkbZ | kEwkbM | kEwkbSrid);
    const uint32_t dimensions = code / 1000;
    header.has_z = (flags & kEwkbZ) != 0 || (dimensions & 1) != 0;
    const bool has_m = (flags & kEwkbM) != 0 || (dimensions & 2) != 0;
    header.doubles = 2 + (header.has_z ? 1 : 0) + (has_m ? 1 : 0);
    code %= 1000;
    if (order > 1 || dimensions > 3 || code < 1 || code > kTypeNames.size())
      Fail();
    else
      header.type = static_cast<GeometryType>(code);
    return header;
  }

  void Body(const Header& header, int nesting, std::string* out) {
    if (nesting > kMaxNesting + 1) Fail();
    switch (header.type) {
      case GeometryType::kPoint:
        return Position(header, out);
      case GeometryType::kLineString:
        return List(header, out, [&] { Position(header, out); });
      case GeometryType::kPolygon:
        return List(header, out, [&] { List(header, out, [&] { Position(header, out); }); });
      case GeometryType::kGeometryCollection:
        return List(header, out, [&] { Member(nesting, out); });
      default:
        return List(header, out, [&] { Body(ReadHeader(), nesting + 1, out); });
    }
  }

  void Member(int nesting, std::string* out) {
    const Header header = ReadHeader();
    const bool collection = header.type == GeometryType::kGeometryCollection;
    out->append("{\"type\":\"").append(kTypeNames[static_cast<size_t>(header.type) - 1]);
    out->append(collection ? "\",\"geometries\":" : "\",\"coordinates\":");
    Body(header, nesting + 1, out);
    out->push_back('}');
  }

  template <typename WriteOne>
  void List(const Header& header, std::string* out, const WriteOne& write_one) {
    const auto count = Read<uint32_t>(header.swap);
    out->push_back('[');
    for (uint32_t i = 0; i < count && ok_; ++i) {
      if (i > 0) out->push_back(',');
      write_one();
    }
    out->push_back(']');
  }

  void Position(const Header& header, std::string* out) {
    std::array<double, 4> numbers{};
    for (int i = 0; i < header.doubles; ++i) numbers[static_cast<size_t>(i)] = Read<double>(header.swap);
    const bool empty_point =
        header.type == GeometryType::kPoint && std::isnan(numbers[0]) && std::isnan(numbers[1]);
    if (!empty_point && !(std::isfinite(numbers[0]) && std::isfinite(numbers[1]))) Fail();
    // Other writers say with a NaN that one position of several has no height.
    const int written = empty_point ? 0 : header.has_z && std::isfinite(numbers[2]) ? 3 : 2;
    out->push_back('[');
    for (int i = 0; i < written; ++i) {
      if (i > 0) out->push_back(',');
      AppendJsonNumber(numbers[static_cast<size_t>(i)], out);
    }
    out->push_back(']');
  }

  void Fail() {
    ok_ = false;
    rest_ = {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

Result<GeoJsonParts> GeoJsonFromWkb(std::string_view wkb) { return Reader(wkb).Read(); }

}  // namespace earthcatalog::item
