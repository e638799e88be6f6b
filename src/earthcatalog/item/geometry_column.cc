// The geometry: GeoJSON in, WKB in the column.
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <vector>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/wkb.h"
#include "earthcatalog/item/column.h"

namespace earthcatalog::item {
namespace {

constexpr int kMaxDimensions = 3;
constexpr int kMaxCollectionNesting = 32;  // as many as the WKB reader follows

std::optional<GeometryType> TypeNamed(std::string_view name) {
  if (name == "Polygon") return GeometryType::kPolygon;
  if (name == "MultiPolygon") return GeometryType::kMultiPolygon;
  if (name == "Point") return GeometryType::kPoint;
  if (name == "LineString") return GeometryType::kLineString;
  if (name == "MultiPoint") return GeometryType::kMultiPoint;
  if (name == "MultiLineString") return GeometryType::kMultiLineString;
  if (name == "GeometryCollection") return GeometryType::kGeometryCollection;
  return std::nullopt;
}

// Writes one geometry. WKB has one number of dimensions for all positions, so the first position decides;
// where another differs, or something else cannot be said in WKB, the geometry is not `exact` and its text is
// to be kept.
class GeometryEncoder {
 public:
  explicit GeometryEncoder(std::string* out) : out_(out), writer_(out) {}

  // Appends the geometry that the reader is at; Fit::kError with the problem in `scan`.
  Fit Encode(bool drop_z, Scan* scan);

  bool exact() const { return exact_; }
  bool mixed_dimensions() const { return mixed_; }

 private:
  struct Header {
    size_t place;
    GeometryType type;
  };
  struct Members {
    std::optional<GeometryType> type;
    const char* list = nullptr;  // where its coordinates, or geometries, are
    std::string_view list_name;
    bool written = false;
  };
  using Part = Fit (GeometryEncoder::*)(Scan*);

  Fit Geometry(Scan* scan, int nesting);
  Fit ReadMember(Members* members, Scan* scan, int nesting);
  Fit ReadType(std::optional<GeometryType>* type, Scan* scan);
  Fit List(const Members& members, Scan* scan, int nesting);
  Fit Body(GeometryType type, Scan* scan, int nesting);
  Fit Parts(Scan* scan, Part part);
  Fit Collection(Scan* scan, int nesting);

  // A position of its own, perhaps empty; one in a sequence; and what is made of them.
  Fit Point(Scan* scan);
  Fit Position(Scan* scan);
  Fit Line(Scan* scan);
  Fit Ring(Scan* scan);
  Fit Polygon(Scan* scan);
  template <GeometryType kType, Part kBody>
  Fit Member(Scan* scan) {
    WriteHeader(kType);
    return (this->*kBody)(scan);
  }

  void WriteHeader(GeometryType type) {
    headers_.push_back({out_->size(), type});
    writer_.Header(type, false);
  }
  Fit ReadPosition(Scan* scan);
  Fit WritePosition(Scan* scan);
  // Corrects the headers, which are written before the dimension is known.
  void SetHeadersZ();
  static Fit Bad(Scan* scan, std::string problem) { return scan->Fail(kBadGeometry, std::move(problem)); }

  std::string* const out_;
  WkbWriter writer_;
  bool drop_z_ = false;
  std::vector<Header> headers_;
  // The position that was read last: its first numbers, and how many it has.
  std::array<double, kMaxDimensions> position_;
  int numbers_ = 0;
  uint32_t parts_ = 0;  // how many positions, lines or members were read last
  int dimensions_ = 0;  // of the first position, 0 before it
  bool exact_ = true;
  bool mixed_ = false;
};

Fit GeometryEncoder::Encode(bool drop_z, Scan* scan) {
  drop_z_ = drop_z;
  headers_.clear();
  dimensions_ = 0;
  exact_ = true;
  mixed_ = false;
  const Fit fit = Geometry(scan, 1);
  if (dimensions_ >= 3 && !drop_z_) SetHeadersZ();
  return fit;
}

Fit GeometryEncoder::Geometry(Scan* scan, int nesting) {
  JsonReader& reader = scan->reader;
  if (nesting > kMaxCollectionNesting) return Bad(scan, "collections are nested too deep");
  if (reader.Peek() != '{') return Bad(scan, "it is not an object");
  Members members;
  for (reader.EnterObject(); reader.NextKey();) {
    if (ReadMember(&members, scan, nesting) == Fit::kError) return Fit::kError;
  }
  if (reader.failed()) return Fit::kError;
  if (!members.type.has_value()) return Bad(scan, "it has no type");
  if (members.list == nullptr) return Bad(scan, "it has no coordinates");
  if (members.written) return Fit::kStored;
  // They came before the type.
  const char* const end = reader.Place();
  reader.Rewind(members.list);
  if (List(members, scan, nesting) == Fit::kError) return Fit::kError;
  reader.Rewind(end);
  return Fit::kStored;
}

Fit GeometryEncoder::ReadMember(Members* members, Scan* scan, int nesting) {
  JsonReader& reader = scan->reader;
  std::string_view raw;
  if (!reader.ReadKey(&raw)) return Fit::kError;
  const std::string_view key = DecodeString(raw, &scan->decoded);
  if (key == "type") return ReadType(&members->type, scan);
  const bool coordinates = key == "coordinates";
  if (!coordinates && key != "geometries") {
    exact_ = false;  // a member that GeoJSON does not know: WKB cannot say it
    return reader.Skip() ? Fit::kStored : Fit::kError;
  }
  if (members->list != nullptr) return Bad(scan, "it has two lists of coordinates");
  members->list = reader.Place();
  members->list_name = coordinates ? "coordinates" : "geometries";
  members->written = members->type.has_value();
  if (members->written) return List(*members, scan, nesting);
  return reader.Skip() ? Fit::kStored : Fit::kError;
}

Fit GeometryEncoder::ReadType(std::optional<GeometryType>* type, Scan* scan) {
  std::string_view raw;
  if (type->has_value()) return Bad(scan, "it has two types");
  if (scan->reader.Peek() != '"') return Bad(scan, "its type is not a string");
  if (!scan->reader.ReadString(&raw)) return Fit::kError;
  const std::string_view name = DecodeString(raw, &scan->decoded);
  *type = TypeNamed(name);
  return type->has_value() ? Fit::kStored
                           : Bad(scan, fmt::format("\"{}\" is no geometry type", OneLine(name, 60)));
}

Fit GeometryEncoder::List(const Members& members, Scan* scan, int nesting) {
  if ((members.list_name == "geometries") != (*members.type == GeometryType::kGeometryCollection)) {
    return Bad(scan, "its coordinates are not those of its type");
  }
  WriteHeader(*members.type);
  const Fit fit = Body(*members.type, scan, nesting);
  return fit == Fit::kError ? scan->FailedInMember(members.list_name) : fit;
}

Fit GeometryEncoder::Body(GeometryType type, Scan* scan, int nesting) {
  using enum GeometryType;
  switch (type) {
    case kPoint:
      return Point(scan);
    case kLineString:
      return Line(scan);
    case kPolygon:
      return Polygon(scan);
    case kMultiPoint:
      return Parts(scan, &GeometryEncoder::Member<kPoint, &GeometryEncoder::Position>);
    case kMultiLineString:
      return Parts(scan, &GeometryEncoder::Member<kLineString, &GeometryEncoder::Line>);
    case kMultiPolygon:
      return Parts(scan, &GeometryEncoder::Member<kPolygon, &GeometryEncoder::Polygon>);
    case kGeometryCollection:
      return Collection(scan, nesting);
  }
  return Bad(scan, "it has no type");
}

Fit GeometryEncoder::Parts(Scan* scan, Part part) {
  if (scan->reader.Peek() != '[') return Bad(scan, "it is not a list");
  const size_t place = writer_.Count();
  uint32_t count = 0;
  for (scan->reader.EnterArray(); scan->reader.NextElement(); ++count) {
    if ((this->*part)(scan) == Fit::kError) return scan->FailedInElement(count);
  }
  writer_.SetCount(place, count);
  parts_ = count;
  return scan->reader.failed() ? Fit::kError : Fit::kStored;
}

// Readers based on GEOS refuse the whole column for one line of one position, or one ring that is not closed,
// so those are refused here or, if they can be, mended.
Fit GeometryEncoder::Line(Scan* scan) {
  const Fit fit = Parts(scan, &GeometryEncoder::Position);
  return fit == Fit::kStored && parts_ == 1 ? Bad(scan, "a line has one position") : fit;
}

Fit GeometryEncoder::Ring(Scan* scan) {
  constexpr uint32_t kMinPositions = 4;
  const size_t count_place = out_->size();
  const size_t first = count_place + sizeof(uint32_t);
  const Fit fit = Parts(scan, &GeometryEncoder::Position);
  if (fit == Fit::kError || parts_ == 0) return fit;
  double lon_lat[2];
  std::memcpy(lon_lat, out_->data() + first, sizeof(lon_lat));
  if (lon_lat[0] != position_[0] || lon_lat[1] != position_[1]) {
    exact_ = false;
    out_->append(*out_, first, (out_->size() - first) / parts_);
    writer_.SetCount(count_place, ++parts_);
  }
  return parts_ < kMinPositions ? Bad(scan, "a ring needs four positions") : fit;
}

Fit GeometryEncoder::Polygon(Scan* scan) {
  if (scan->reader.Peek() != '[') return Bad(scan, "it is not a list");
  const size_t place = writer_.Count();
  uint32_t count = 0;
  bool empty = false;
  for (scan->reader.EnterArray(); scan->reader.NextElement(); ++count) {
    if (Ring(scan) == Fit::kError) return scan->FailedInElement(count);
    if (count == 0) empty = parts_ == 0;
    if (empty && parts_ > 0) return Bad(scan, "an empty polygon has a hole");
  }
  writer_.SetCount(place, count);
  return scan->reader.failed() ? Fit::kError : Fit::kStored;
}

Fit GeometryEncoder::Collection(Scan* scan, int nesting) {
  if (scan->reader.Peek() != '[') return Bad(scan, "it is not a list");
  const size_t place = writer_.Count();
  uint32_t count = 0;
  for (scan->reader.EnterArray(); scan->reader.NextElement(); ++count) {
    if (Geometry(scan, nesting + 1) == Fit::kError) return scan->FailedInElement(count);
  }
  writer_.SetCount(place, count);
  return scan->reader.failed() ? Fit::kError : Fit::kStored;
}

Fit GeometryEncoder::Point(Scan* scan) {
  if (ReadPosition(scan) == Fit::kError) return Fit::kError;
  if (numbers_ > 0) return WritePosition(scan);
  // How WKB says POINT EMPTY; a third NaN follows where the other positions have three numbers.
  const double nan = std::numeric_limits<double>::quiet_NaN();
  writer_.Double(nan);
  writer_.Double(nan);
  if (dimensions_ >= 3 && !drop_z_) writer_.Double(nan);
  if (dimensions_ == 0) dimensions_ = 2;
  return Fit::kStored;
}

Fit GeometryEncoder::Position(Scan* scan) {
  return ReadPosition(scan) == Fit::kError ? Fit::kError : WritePosition(scan);
}

Fit GeometryEncoder::ReadPosition(Scan* scan) {
  JsonReader& reader = scan->reader;
  numbers_ = 0;
  if (reader.Peek() != '[') return Bad(scan, "it is not a position");
  for (reader.EnterArray(); reader.NextElement(); ++numbers_) {
    JsonNumber number;
    if (!reader.at_number()) return Bad(scan, "a position has something that is not a number");
    if (!reader.ReadNumber(&number)) return Fit::kError;
    const auto value = number.AsDouble();
    if (!value.has_value()) {
      return Bad(scan, fmt::format("{} is beyond the range of numbers", OneLine(number.text, 30)));
    }
    if (!number.Means(*value)) exact_ = false;
    if (numbers_ < kMaxDimensions) position_[static_cast<size_t>(numbers_)] = *value;
  }
  return reader.failed() ? Fit::kError : Fit::kStored;
}

Fit GeometryEncoder::WritePosition(Scan* scan) {
  if (numbers_ < 2) return Bad(scan, fmt::format("a position has {} numbers", numbers_));
  if (dimensions_ == 0) dimensions_ = numbers_;
  if (numbers_ != dimensions_) mixed_ = true;
  if (numbers_ > kMaxDimensions) exact_ = false;
  writer_.Double(position_[0]);
  writer_.Double(position_[1]);
  if (dimensions_ >= 3 && !drop_z_) writer_.Double(numbers_ >= 3 ? position_[2] : 0);
  return Fit::kStored;
}

void GeometryEncoder::SetHeadersZ() {
  for (const Header& header : headers_) {
    std::string corrected;
    WkbWriter(&corrected).Header(header.type, /*has_z=*/true);
    out_->replace(header.place, corrected.size(), corrected);
  }
}

class GeometryColumn : public BytesColumn {
 public:
  using BytesColumn::BytesColumn;

  Fit Append(Scan* scan) override {
    const char* const place = scan->reader.Place();
    const size_t begin = bytes_.size();
    if (encoder_.Encode(/*drop_z=*/false, scan) == Fit::kError) return Fit::kError;
    const bool exact = encoder_.exact() && !encoder_.mixed_dimensions();
    if (encoder_.mixed_dimensions()) {
      bytes_.resize(begin);
      scan->reader.Rewind(place);
      if (encoder_.Encode(/*drop_z=*/true, scan) == Fit::kError) return Fit::kError;
    }
    EndRow();
    return exact ? Fit::kStored : Fit::kKept;
  }

 private:
  GeometryEncoder encoder_{&bytes_};
};

}  // namespace

std::unique_ptr<BytesColumn> MakeGeometryColumn(const std::shared_ptr<arrow::Field>& field) {
  return std::make_unique<GeometryColumn>(field);
}

}  // namespace earthcatalog::item
