#include "earthcatalog/grid/region_matcher.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace earthcatalog::grid {
namespace {

using Kind = GeometryPart::Kind;

constexpr double kRadians = std::numbers::pi / 180;
constexpr double kPole = 90;
// A turn too many costs a query, one too few would lose a region that touches.
constexpr double kTurnSlack = 1e-6;

}  // namespace

RegionMatcher::RegionMatcher(const RegionMap* map) : map_(map), prepared_(map->pieces().size()) {
  uint32_t regions = 0;
  for (const RegionMap::Piece& piece : map->pieces()) regions = std::max(regions, piece.region + 1);
  found_in_.resize(regions);
}

Result<const std::vector<CellId>*> RegionMatcher::Match(const Geometry& geometry,
                                                        std::optional<LongitudeBounds> bbox) {
  ARROW_RETURN_NOT_OK(footprint_.Set(geometry, bbox));
  ++item_;
  found_.clear();
  bool north_pole = false, south_pole = false;
  size_t index = 0;
  for (const GeometryPart& part : geometry.parts) {
    if (part.positions.empty()) continue;  // as Footprint leaves them out
    SetPath(part, footprint_.parts()[index]);
    ARROW_RETURN_NOT_OK(part.kind == Kind::kPoints ? MatchPoints() : MatchPath(0, path_.size()));
    if (part.kind == Kind::kShell) ARROW_RETURN_NOT_OK(MatchInside(index));
    for (const PathPosition& position : path_) {
      north_pole = north_pole || position.lat == kPole;
      south_pole = south_pole || position.lat == -kPole;
    }
    ++index;
  }
  if (north_pole) ARROW_RETURN_NOT_OK(MatchPole(kPole));
  if (south_pole) ARROW_RETURN_NOT_OK(MatchPole(-kPole));
  std::ranges::sort(found_);
  return &found_;
}

void RegionMatcher::SetPath(const GeometryPart& part, const FootprintPart& made) {
  path_.clear();
  const std::span<const Vertex> vertices = footprint_.vertices(made);
  for (size_t i = 0; i < vertices.size(); ++i) {
    const double lon = part.positions[i % part.positions.size()].lon;  // a ring is closed by its first
    const double lat = part.positions[i % part.positions.size()].lat;
    const double turns = (vertices[i].lon - lon * kRadians) / (2 * std::numbers::pi);
    path_.push_back({lon, std::clamp(lat, -kPole, kPole), static_cast<int>(std::lround(turns))});
  }
}

Status RegionMatcher::MatchPoints() {
  for (size_t i = 0; i < path_.size(); ++i) ARROW_RETURN_NOT_OK(MatchPath(i, i + 1));
  return Status::OK();
}

Status RegionMatcher::MatchPath(size_t begin, size_t end) {
  const LonLatBox box = BoxOf(begin, end);
  return ForEachTurn(box.west, box.east, [&](int turn) -> Status {
    ARROW_ASSIGN_OR_RAISE(const GeosGeometry shape, MakeShape(begin, end, turn));
    FindCandidates(shape.get());
    for (const RegionMap::Piece* piece : candidates_) {
      if (IsFound(*piece)) continue;
      ARROW_ASSIGN_OR_RAISE(const GEOSPreparedGeometry* prepared, PreparedOf(*piece));
      // 2 when GEOS cannot say: boxes touch, so it is taken rather than lost.
      if (GEOSPreparedIntersects_r(geos_.handle(), prepared, shape.get()) != 0) Add(*piece);
    }
    return Status::OK();
  });
}

// Of the pieces that no edge touches. The edges of the shell's holes come later; they only add.
Status RegionMatcher::MatchInside(size_t shell) {
  const FootprintPart& made = footprint_.parts()[shell];
  LonLatBox box = BoxOf(0, path_.size());
  if (made.turns != 0) {
    box.west = map_->extent().west;
    box.east = map_->extent().east;
    (made.encloses_north ? box.north : box.south) = made.encloses_north ? kPole : -kPole;
  }
  return ForEachTurn(box.west, box.east, [&](int turn) -> Status {
    ARROW_ASSIGN_OR_RAISE(const GeosGeometry shape,
                          MakeBox({box.west + 360.0 * turn, box.south, box.east + 360.0 * turn, box.north}));
    FindCandidates(shape.get());
    for (const RegionMap::Piece* piece : candidates_) {
      if (IsFound(*piece)) continue;
      if (footprint_.Contains(shell, piece->inside.lon * kRadians, piece->inside.lat * kRadians)) Add(*piece);
    }
    return Status::OK();
  });
}

// All meridians meet at a pole: who touches it touches every region that reaches it.
Status RegionMatcher::MatchPole(double lat) {
  path_ = {{map_->extent().west, lat, 0}, {map_->extent().east, lat, 0}};
  return MatchPath(0, path_.size());
}

// Calls body(n) for every n with which [west, east] + n * 360 meets the regions' extent.
template <typename Body>
Status RegionMatcher::ForEachTurn(double west, double east, Body body) const {
  const int first = static_cast<int>(std::ceil((map_->extent().west - east) / 360 - kTurnSlack));
  const int last = static_cast<int>(std::floor((map_->extent().east - west) / 360 + kTurnSlack));
  for (int turn = first; turn <= last; ++turn) ARROW_RETURN_NOT_OK(body(turn));
  return Status::OK();
}

Result<GeosGeometry> RegionMatcher::MakeShape(size_t begin, size_t end, int turn) {
  numbers_.clear();
  for (size_t i = begin; i < end; ++i) {
    numbers_.push_back(path_[i].lon + 360.0 * (path_[i].turns + turn));
    numbers_.push_back(path_[i].lat);
  }
  GeosGeometry shape;
  if (end - begin == 1) {
    shape = Own(geos_, GEOSGeom_createPointFromXY_r(geos_.handle(), numbers_[0], numbers_[1]));
  } else if (GEOSCoordSequence* sequence = GEOSCoordSeq_copyFromBuffer_r(
                 geos_.handle(), numbers_.data(), static_cast<unsigned>(end - begin), /*hasZ=*/0,
                 /*hasM=*/0)) {
    shape = Own(geos_, GEOSGeom_createLineString_r(geos_.handle(), sequence));
  }
  if (shape == nullptr) return geos_.Failure();
  return shape;
}

Result<GeosGeometry> RegionMatcher::MakeBox(const LonLatBox& box) const {
  GeosGeometry made =
      Own(geos_, GEOSGeom_createRectangle_r(geos_.handle(), box.west, box.south, box.east, box.north));
  if (made == nullptr) return geos_.Failure();
  return made;
}

LonLatBox RegionMatcher::BoxOf(size_t begin, size_t end) const {
  LonLatBox box = {1e9, kPole, -1e9, -kPole};
  for (size_t i = begin; i < end; ++i) {
    const double lon = path_[i].lon + 360.0 * path_[i].turns;
    box.west = std::min(box.west, lon);
    box.east = std::max(box.east, lon);
    box.south = std::min(box.south, path_[i].lat);
    box.north = std::max(box.north, path_[i].lat);
  }
  return box;
}

void RegionMatcher::FindCandidates(const GEOSGeometry* shape) {
  candidates_.clear();
  const auto append = [](void* piece, void* candidates) {
    static_cast<std::vector<const RegionMap::Piece*>*>(candidates)
        ->push_back(static_cast<const RegionMap::Piece*>(piece));
  };
  GEOSSTRtree_query_r(geos_.handle(), map_->tree(), shape, append, &candidates_);
}

Result<const GEOSPreparedGeometry*> RegionMatcher::PreparedOf(const RegionMap::Piece& piece) {
  Prepared& kept = prepared_[piece.index];
  if (kept.prepared == nullptr) {
    kept.shape = Own(geos_, GEOSGeom_clone_r(geos_.handle(), piece.shape.get()));
    if (kept.shape == nullptr) return geos_.Failure();
    kept.prepared = GeosPrepared(GEOSPrepare_r(geos_.handle(), kept.shape.get()), {geos_.handle()});
    if (kept.prepared == nullptr) return geos_.Failure();
  }
  return kept.prepared.get();
}

void RegionMatcher::Add(const RegionMap::Piece& piece) {
  found_in_[piece.region] = item_;
  found_.push_back(CellId{piece.region} + 1);
}

}  // namespace earthcatalog::grid
