#include "earthcatalog/grid/region_map.h"

#include <algorithm>

#include "earthcatalog/base/text.h"

namespace earthcatalog::grid {
namespace {

constexpr size_t kTreeNodeSize = 10;

GeosGeometry MakeRing(const Geos& geos, const Ring& ring) {
  std::vector<double> numbers;
  numbers.reserve(2 * ring.size());
  for (const Position& position : ring) {
    numbers.push_back(position.lon);
    numbers.push_back(position.lat);
  }
  GEOSCoordSequence* sequence = GEOSCoordSeq_copyFromBuffer_r(
      geos.handle(), numbers.data(), static_cast<unsigned>(ring.size()), /*hasZ=*/0, /*hasM=*/0);
  if (sequence == nullptr) return nullptr;
  return Own(geos, GEOSGeom_createLinearRing_r(geos.handle(), sequence));
}

Result<GeosGeometry> MakePolygon(const Geos& geos, const RegionPolygon& polygon) {
  std::vector<GeosGeometry> rings;
  for (const Ring& ring : polygon) {
    rings.push_back(MakeRing(geos, ring));
    if (rings.back() == nullptr) return geos.Failure();
  }
  // The polygon takes the rings over, whatever comes of it.
  std::vector<GEOSGeometry*> holes;
  for (size_t i = 1; i < rings.size(); ++i) holes.push_back(rings[i].release());
  GeosGeometry made = Own(geos, GEOSGeom_createPolygon_r(geos.handle(), rings[0].release(), holes.data(),
                                                         static_cast<unsigned>(holes.size())));
  if (made == nullptr) return geos.Failure();
  return made;
}

// Nothing after a failure.
GeosGeometry MakeValid(const Geos& geos, const GEOSGeometry* polygon) {
  const GeosMakeValidParams how(GEOSMakeValidParams_create_r(geos.handle()), {geos.handle()});
  if (how == nullptr) return nullptr;
  GEOSMakeValidParams_setMethod_r(geos.handle(), how.get(), GEOS_MAKE_VALID_STRUCTURE);
  GEOSMakeValidParams_setKeepCollapsed_r(geos.handle(), how.get(), 1);
  GeosGeometry valid = Own(geos, GEOSMakeValidWithParams_r(geos.handle(), polygon, how.get()));
  const bool lost = valid == nullptr || GEOSisEmpty_r(geos.handle(), valid.get()) != 0;
  return lost ? Own(geos, GEOSMakeValid_r(geos.handle(), polygon)) : std::move(valid);
}

Result<Position> InsideOf(const Geos& geos, const GEOSGeometry* shape) {
  const GeosGeometry point = Own(geos, GEOSPointOnSurface_r(geos.handle(), shape));
  Position position = {};
  if (point == nullptr || GEOSGeomGetX_r(geos.handle(), point.get(), &position.lon) != 1 ||
      GEOSGeomGetY_r(geos.handle(), point.get(), &position.lat) != 1)
    return geos.Failure();
  return position;
}

}  // namespace

Result<std::unique_ptr<const RegionMap>> RegionMap::Make(const std::vector<Region>& regions) {
  std::unique_ptr<RegionMap> map(new RegionMap());
  for (size_t i = 0; i < regions.size(); ++i) {
    for (const RegionPolygon& polygon : regions[i].polygons) {
      const Status status = map->AddPolygon(polygon, static_cast<uint32_t>(i));
      if (!status.ok())
        return UsageError("feature {} ('{}'): {}", regions[i].feature, OneLine(regions[i].name),
                          OneLine(status.message()));
    }
  }
  ARROW_RETURN_NOT_OK(map->MakeTree());
  return map;
}

// Each by itself: where polygons of one region overlap, repairing them together would make a hole.
Status RegionMap::AddPolygon(const RegionPolygon& polygon, uint32_t region) {
  ARROW_ASSIGN_OR_RAISE(GeosGeometry shape, MakePolygon(geos_, polygon));
  if (GEOSisValid_r(geos_.handle(), shape.get()) != 1) shape = MakeValid(geos_, shape.get());
  if (shape == nullptr) return geos_.Failure();
  return AddPieces(std::move(shape), region);
}

Status RegionMap::AddPieces(GeosGeometry shape, uint32_t region) {
  const int parts = GEOSGetNumGeometries_r(geos_.handle(), shape.get());
  if (GEOSGeomTypeId_r(geos_.handle(), shape.get()) >= GEOS_MULTIPOINT) {
    for (int i = 0; i < parts; ++i) {
      const GEOSGeometry* part = GEOSGetGeometryN_r(geos_.handle(), shape.get(), i);
      GeosGeometry copy = Own(geos_, GEOSGeom_clone_r(geos_.handle(), part));
      if (copy == nullptr) return geos_.Failure();
      ARROW_RETURN_NOT_OK(AddPieces(std::move(copy), region));
    }
    return Status::OK();
  }
  if (GEOSisEmpty_r(geos_.handle(), shape.get()) != 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const Position inside, InsideOf(geos_, shape.get()));
  pieces_.push_back({std::move(shape), inside, region, static_cast<uint32_t>(pieces_.size())});
  return Status::OK();
}

Status RegionMap::MakeTree() {
  const GEOSContextHandle_t geos = geos_.handle();
  tree_ = GeosTree(GEOSSTRtree_create_r(geos, kTreeNodeSize), {geos});
  if (tree_ == nullptr) return geos_.Failure();
  constexpr double kNowhere = 1e9;
  extent_ = {kNowhere, kNowhere, -kNowhere, -kNowhere};
  for (Piece& piece : pieces_) {
    LonLatBox box = {};
    GEOSGeom_getXMin_r(geos, piece.shape.get(), &box.west);
    GEOSGeom_getYMin_r(geos, piece.shape.get(), &box.south);
    GEOSGeom_getXMax_r(geos, piece.shape.get(), &box.east);
    GEOSGeom_getYMax_r(geos, piece.shape.get(), &box.north);
    extent_ = {std::min(extent_.west, box.west), std::min(extent_.south, box.south),
               std::max(extent_.east, box.east), std::max(extent_.north, box.north)};
    GEOSSTRtree_insert_r(geos, tree_.get(), piece.shape.get(), &piece);
  }
  // The first query builds the tree, so it must not be one of several threads'.
  const GeosGeometry everywhere =
      Own(geos_, GEOSGeom_createRectangle_r(geos, extent_.west, extent_.south, extent_.east, extent_.north));
  if (everywhere == nullptr) return geos_.Failure();
  GEOSSTRtree_query_r(
      geos, tree_.get(), everywhere.get(), [](void*, void*) {}, nullptr);
  return Status::OK();
}

}  // namespace earthcatalog::grid
