#include "earthcatalog/grid/h3_partitioner.h"

#include <fmt/format.h>
#include <h3/h3api.h>

#include <charconv>

#include "earthcatalog/grid/assign_rows.h"
#include "earthcatalog/grid/cell_index.h"
#include "earthcatalog/grid/edge_walker.h"
#include "earthcatalog/grid/face_lattice.h"
#include "earthcatalog/grid/footprint.h"
#include "earthcatalog/grid/interior.h"
#include "earthcatalog/grid/tile_set.h"

namespace earthcatalog::grid {
namespace {

using Kind = GeometryPart::Kind;

// Covers one footprint after the other. One per call of Assign.
class Coverer {
 public:
  Coverer(const FaceLattice* lattice, const CellIndex* index)
      : lattice_(lattice), index_(index), tiles_(2 * kMostCellsPerItem), walker_(lattice, &tiles_) {}

  // The cells that the geometry touches: sorted, distinct, valid until the next call. Empty for an empty
  // geometry.
  Result<const std::vector<CellId>*> Cover(const Geometry& geometry, std::optional<LongitudeBounds> bbox) {
    ARROW_RETURN_NOT_OK(footprint_.Set(geometry, bbox));
    cells_.clear();
    const std::vector<FootprintPart>& parts = footprint_.parts();
    for (size_t begin = 0; begin < parts.size();) {
      size_t end = begin + 1;
      while (end < parts.size() && parts[end].kind == Kind::kHole) ++end;
      ARROW_RETURN_NOT_OK(CoverParts(begin, end));
      begin = end;
    }
    MakeDistinct(&cells_);
    ARROW_RETURN_NOT_OK(CheckLimit(cells_.size()));
    return &cells_;
  }

 private:
  // A shell with its holes, a line, or points.
  Status CoverParts(size_t begin, size_t end) {
    tiles_.Clear();
    for (size_t k = begin; k < end; ++k) Walk(footprint_.parts()[k]);
    if (tiles_.full()) return CheckLimit(kMostCellsPerItem + 1);
    part_cells_.clear();
    tiles_.ForEach([&](const Tile& tile) {
      if (const CellId cell = index_->CellOf(tile)) part_cells_.push_back(cell);
    });
    MakeDistinct(&part_cells_);
    if (footprint_.parts()[begin].kind == Kind::kShell)
      interior_.Fill(footprint_, begin, kMostCellsPerItem, &part_cells_);
    ARROW_RETURN_NOT_OK(CheckLimit(part_cells_.size()));
    cells_.insert(cells_.end(), part_cells_.begin(), part_cells_.end());
    return Status::OK();
  }

  void Walk(const FootprintPart& part) {
    const std::span<const Vertex> vertices = footprint_.vertices(part);
    Spot last = lattice_->Locate(vertices[0].lon, vertices[0].lat, face_);
    if (part.kind == Kind::kPoints || vertices.size() == 1) walker_.Point(last);
    for (const Vertex& vertex : vertices.subspan(1)) {
      const Spot next = lattice_->Locate(vertex.lon, vertex.lat, last.tile.face);
      if (part.kind == Kind::kPoints) {
        walker_.Point(next);
      } else {
        walker_.Edge(last, next);
      }
      last = next;
    }
    face_ = last.tile.face;
  }

  static Status CheckLimit(size_t cells) {
    if (cells <= kMostCellsPerItem) return Status::OK();
    return Status::Invalid("the geometry touches more than ", kMostCellsPerItem,
                           " cells of the grid: use a coarser resolution");
  }

  const FaceLattice* lattice_;
  const CellIndex* index_;
  int face_ = 0;  // where the last footprint was: the next one is often near
  Footprint footprint_;
  TileSet tiles_;
  EdgeWalker walker_;
  InteriorFiller interior_;
  std::vector<CellId> part_cells_;
  std::vector<CellId> cells_;
};

class H3Partitioner : public Partitioner {
 public:
  explicit H3Partitioner(int resolution) : lattice_(resolution), index_(&lattice_) {}

  Result<CellAssignments> Assign(const arrow::BinaryArray& geometry,
                                 const arrow::StructArray* bbox) const override {
    Coverer coverer(&lattice_, &index_);
    return AssignRows(geometry, bbox, [&](const Geometry& footprint, std::optional<LongitudeBounds> bounds) {
      return coverer.Cover(footprint, bounds);
    });
  }

  std::string Name(CellId cell) const override {
    return cell == kNoCell ? kNoCellName : fmt::format("{:x}", cell);
  }
  std::string type() const override { return "h3"; }
  std::optional<int> resolution() const override { return lattice_.resolution(); }

 private:
  FaceLattice lattice_;
  CellIndex index_;
};

}  // namespace

std::optional<int> H3ResolutionOf(std::string_view cell) {
  uint64_t number = 0;
  const auto parsed = std::from_chars(cell.data(), cell.data() + cell.size(), number, 16);
  if (parsed.ec != std::errc{} || parsed.ptr != cell.data() + cell.size()) return std::nullopt;
  return isValidCell(number) != 0 ? std::optional(getResolution(number)) : std::nullopt;
}

Result<std::shared_ptr<const Partitioner>> MakeH3Partitioner(int resolution) {
  if (resolution < 0 || resolution > 15)
    return UsageError("H3 has the resolutions 0 to 15, not {}", resolution);
  return std::make_shared<const H3Partitioner>(resolution);
}

}  // namespace earthcatalog::grid
