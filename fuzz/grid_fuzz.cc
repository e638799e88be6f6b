// Any footprint against the slow reference: no cell that the footprint comes into is missing, and none is
// there that it stays away from.
//
// The bytes are choices: a resolution, a place, a size, and positions that are likely to be awkward there (on
// a cell's corner or centre, on the meridian or parallel of another, the same twice, a hair apart).
#include <fuzzer/FuzzedDataProvider.h>
#include <h3/h3api.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

#include "check.h"
#include "geometry_wkb.h"
#include "unit/grid/shapes.h"
#include "unit/grid/slow_footprint.h"

namespace earthcatalog::grid {
namespace {

using testing::SlowCell;
using testing::SlowEdge;
using testing::SlowFootprint;
using Kind = GeometryPart::Kind;
using Reach = SlowCell::Reach;

constexpr int kFinest = 9;
constexpr size_t kMostCells = 100'000;
constexpr int kFinestWithoutLimit = 3;  // its whole grid has fewer cells than the limit
constexpr size_t kCheckedCells = 24;    // of one result

const Partitioner& PartitionerOf(int resolution) {
  static std::shared_ptr<const Partitioner> partitioners[kFinest + 1];
  auto& partitioner = partitioners[resolution];
  if (!partitioner) {
    Config config;
    config.resolution = resolution;
    partitioner = fuzz::Must(MakePartitioner(config), "the partitioner");
  }
  return *partitioner;
}

Position CornerOf(CellId cell, size_t corner) {
  CellBoundary boundary = {};
  cellToBoundary(cell, &boundary);
  const LatLng& vertex = boundary.verts[corner % static_cast<size_t>(boundary.numVerts)];
  return {radsToDegs(vertex.lng), radsToDegs(vertex.lat)};
}

// Makes a footprint from the bytes.
class Maker {
 public:
  explicit Maker(FuzzedDataProvider* data) : data_(data) {
    resolution = data_->ConsumeIntegralInRange(0, kFinest);
    anchor_.lon = Pick(180);
    anchor_.lat = Pick(90);
    const double cell_size = 20 * std::pow(7, -0.5 * resolution);
    const uint8_t size = Choice();
    // Some footprints are as large as the Earth; where that is very many cells it is slow, so there are
    // fewer.
    const bool huge = resolution < 3 ? size % 32 == 0 : size == 0;
    const double largest = huge ? 180 : std::min(180.0, 5 * cell_size);
    lat_size_ = largest * std::pow(0.8, size / 4);
    lon_size_ = std::min(360.0, lat_size_ / std::max(0.01, std::cos(anchor_.lat * std::numbers::pi / 180)));
    wrapped_ = data_->ConsumeBool();
  }

  Geometry MakeGeometry() {
    Geometry geometry;
    geometry.type = static_cast<GeometryType>(data_->ConsumeIntegralInRange(1, 7));
    geometry.has_z = data_->ConsumeBool();
    const bool one = geometry.type <= GeometryType::kPolygon;
    const int members = one ? 1 : data_->ConsumeIntegralInRange(0, 3);
    for (int k = 0; k < members; ++k) AddMember(geometry.type, &geometry.parts);
    return geometry;
  }

  std::optional<std::pair<double, double>> MakeBbox(const Geometry& geometry) {
    // One that spans an edge over the antimeridian sends it around the Earth: many cells where they are
    // small.
    const uint8_t choice = Choice() % (resolution < 4 ? 4 : 32);
    if (choice == 0 || choice > 3) return std::nullopt;
    if (choice == 1) return std::pair(Pick(180), Pick(180));
    double west = 999, east = -999;
    for (const GeometryPart& part : geometry.parts) {
      for (const Position& position : part.positions) {
        west = std::min(west, position.lon);
        east = std::max(east, position.lon);
      }
    }
    return choice == 2 ? std::pair(west, east) : std::pair(east, west);
  }

  int resolution;

 private:
  uint8_t Choice() { return data_->ConsumeIntegral<uint8_t>(); }
  double Fraction() { return data_->ConsumeIntegralInRange<int>(-32768, 32767) / 32767.0; }
  // Anything up to ±limit, or exactly there, or 0.
  double Pick(double limit) {
    const uint8_t choice = Choice() % 8;
    return choice == 0 ? limit : choice == 1 ? -limit : choice == 2 ? 0 : limit * Fraction();
  }

  void AddMember(GeometryType type, std::vector<GeometryPart>* parts) {
    switch (type) {
      case GeometryType::kPoint:
        return parts->push_back({Kind::kPoints, MakePositions(1, 1)});
      case GeometryType::kMultiPoint:
        if (parts->empty()) parts->push_back({Kind::kPoints, MakePositions(1, 6)});
        return;
      case GeometryType::kLineString:
      case GeometryType::kMultiLineString:
        return parts->push_back({Kind::kLine, MakePositions(1, 12)});
      case GeometryType::kPolygon:
      case GeometryType::kMultiPolygon:
        parts->push_back({Kind::kShell, MakePositions(1, 12)});
        for (uint8_t holes = Choice() % 8; holes > 5; --holes)
          parts->push_back({Kind::kHole, MakePositions(1, 8)});
        return;
      case GeometryType::kGeometryCollection:
        return AddMember(static_cast<GeometryType>(1 + Choice() % 6), parts);
    }
  }

  std::vector<Position> MakePositions(int least, int most) {
    std::vector<Position> positions;
    const int count = data_->ConsumeIntegralInRange(least, most);
    for (int k = 0; k < count; ++k) positions.push_back(MakePosition(positions));
    if (count > 2 && data_->ConsumeBool()) positions.push_back(positions.front());
    return positions;
  }

  Position MakePosition(const std::vector<Position>& before) {
    const uint8_t choice = Choice();
    const Position last = before.empty() ? anchor_ : before.back();
    const Position free = {anchor_.lon + lon_size_ * Fraction(), anchor_.lat + lat_size_ * Fraction()};
    Position position = free;
    switch (choice % 16) {
      case 0:
        position = last;
        break;
      case 1:
        position = anchor_;
        break;
      case 2:
        position.lon = last.lon;
        break;
      case 3:
        position.lat = last.lat;
        break;
      case 4:
        position = {last.lon + 1e-12 * Fraction(), last.lat + 1e-12 * Fraction()};
        break;
      case 5:
      case 6:
        position = Beside(free, CornerOf(testing::CellAt(Clamped(free), resolution), choice / 16));
        break;
      case 7:
        position = Beside(free, SlowCell(testing::CellAt(Clamped(free), resolution)).center());
        break;
      case 8:
        if (!before.empty()) position = before[choice / 16 % before.size()];
        break;
      default:
        break;
    }
    return Clamped(position);
  }

  // The longitude as it is written near the other position.
  static Position Beside(Position other, Position position) {
    position.lon += 360 * std::round((other.lon - position.lon) / 360);
    return position;
  }

  Position Clamped(Position position) const {
    position.lat = std::clamp(position.lat, -90.0, 90.0);
    if (wrapped_)
      position.lon -= 360 * std::floor((position.lon + 180) / 360);
    else
      position.lon = std::clamp(position.lon, -540.0, 540.0);
    return position;
  }

  FuzzedDataProvider* const data_;
  Position anchor_;
  double lon_size_, lat_size_;
  bool wrapped_;
};

// One footprint with what the partitioner made of it.
class Case {
 public:
  Case(const Geometry& geometry, std::optional<std::pair<double, double>> bbox, int resolution)
      : footprint_(geometry, bbox), resolution_(resolution), written_{fuzz::WkbOf(geometry), bbox} {
    cells_ = testing::Assign(PartitionerOf(resolution), written_);
  }

  void CheckAll() const {
    if (cells_.empty()) {
      if (resolution_ <= kFinestWithoutLimit) Report("rejected", 0);
      return;
    }
    if (cells_.size() > kMostCells) Report("more cells than the limit", 0);
    if (footprint_.edges().empty()) {
      if (cells_ != std::set<CellId>{kNoCell}) Report("an empty geometry has a cell", *cells_.begin());
      return;
    }
    for (const SlowEdge& edge : footprint_.edges())
      for (const double t : {0.0, 0.27, 0.5, 0.73, 1.0}) CheckMet(edge.At(t));
    CheckCells();
  }

 private:
  void CheckMet(Position position) const {
    const CellId cell = testing::CellAt(position, resolution_);
    if (!cells_.contains(cell)) Report("a point of an edge is in a missing cell", cell);
  }

  // Some of the cells, evenly, and their neighbours.
  void CheckCells() const {
    std::set<CellId> near;
    const size_t step = 1 + cells_.size() / kCheckedCells;
    size_t k = 0;
    for (const CellId cell : cells_) {
      if (k++ % step != 0) continue;
      H3Index disk[7] = {};
      gridDisk(cell, 1, disk);
      near.insert(std::begin(disk), std::end(disk));
    }
    near.erase(0);
    for (const CellId cell : near) CheckCell(SlowCell(cell), cells_.contains(cell));
  }

  void CheckCell(const SlowCell& cell, bool present) const {
    bool undecided = false;
    for (const SlowEdge& edge : footprint_.edges()) {
      const Reach reach = cell.ReachOf(edge);
      if (reach == Reach::kInto && !present) Report("an edge comes into a missing cell", cell.id());
      if (reach == Reach::kInto && present) return;
      undecided = undecided || reach == Reach::kNear;
    }
    if (undecided) return;
    // No edge is near, so the cell is inside or outside as a whole.
    const std::optional<bool> inside = footprint_.Inside(cell.center());
    if (inside == true && !present) Report("a missing cell is inside", cell.id());
    if (inside == false && present) Report("a cell is outside and no edge is near it", cell.id());
  }

  [[noreturn]] void Report(std::string_view what, CellId cell) const {
    std::string wkb;
    for (const char byte : written_.wkb) wkb += fmt::format("{:02X}", static_cast<unsigned char>(byte));
    std::string edges;
    for (const SlowEdge& edge : footprint_.edges())
      edges += fmt::format("  {:.17g} {:.17g} -> {:.17g} {:.17g}\n", edge.from.lon, edge.from.lat,
                           edge.to.lon, edge.to.lat);
    const auto bbox = written_.bbox;
    fuzz::Broken("{}: resolution {}, cell {:x}, {} cells, bbox {}\n{}WKB {}", what, resolution_, cell,
                 cells_.size(), bbox ? fmt::format("{:.17g} {:.17g}", bbox->first, bbox->second) : "none",
                 edges, wkb);
  }

  SlowFootprint footprint_;
  int resolution_;
  testing::Written written_;
  std::set<CellId> cells_;
};

}  // namespace
}  // namespace earthcatalog::grid

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  FuzzedDataProvider data(bytes, size);
  earthcatalog::grid::Maker maker(&data);
  const earthcatalog::Geometry geometry = maker.MakeGeometry();
  const auto bbox = maker.MakeBbox(geometry);
  earthcatalog::grid::Case(geometry, bbox, maker.resolution).CheckAll();
  return 0;
}
