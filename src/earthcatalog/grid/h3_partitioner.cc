#include "earthcatalog/grid/h3_partitioner.h"

#include <fmt/format.h>
#include <h3/h3api.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "earthcatalog/grid/assign_rows.h"
#include "earthcatalog/grid/footprint.h"
#include "earthcatalog/grid/h3_level.h"

namespace earthcatalog::grid {
namespace {

// So many cells are found before a wide footprint is looked at more coarsely: enough for its border to be
// much finer than the cells that it gets at last, few enough to take a few milliseconds.
constexpr size_t kEnoughCells = 2'000;

constexpr double kChildrenPerCell = 7;

void ReplaceByParents(int resolution, std::vector<uint64_t>* cells) {
  for (uint64_t& cell : *cells) {
    H3Index parent = 0;
    cellToParent(cell, resolution, &parent);
    cell = parent;
  }
  MakeDistinct(cells);
}

void AddNeighbours(std::vector<uint64_t>* cells) {
  const size_t count = cells->size();
  for (size_t k = 0; k < count; ++k) {
    for (const uint64_t neighbour : NeighboursOf((*cells)[k])) {
      if (neighbour != 0) cells->push_back(neighbour);
    }
  }
  MakeDistinct(cells);
}

// The cells of one item after the other. One per call of Assign.
class ItemCoverer {
 public:
  ItemCoverer(const H3Levels* levels, size_t max_cells)
      : levels_(levels),
        max_cells_(max_cells),
        finest_(&levels->finest(), max_cells == 0 ? kMostCellsPerItem : MostCells()) {}

  Result<Cover> CoverItem(const Geometry& geometry, std::optional<LongitudeBounds> bbox) {
    ARROW_RETURN_NOT_OK(footprint_.Set(geometry, bbox));
    const std::vector<CellId>* cells = finest_.Cover(footprint_);
    if (max_cells_ == 0 && cells == nullptr)
      return Status::Invalid("the geometry touches more than ", kMostCellsPerItem,
                             " cells of the grid: use a coarser resolution");
    if (max_cells_ == 0 || (cells != nullptr && cells->size() <= max_cells_)) return Cover{cells};
    return CoverWide(cells);
  }

 private:
  size_t MostCells() const { return std::max(max_cells_, kEnoughCells); }

  // The parents, as far up as needed, of the finest cells or, where these are null since they are too many,
  // of cells among which are ancestors of all of them: those that the footprint touches at a coarser
  // resolution, and the ones around them. Children stick out of their parents, but not far: what descends
  // from a cell lies within 1/√7 + 1/7 + … = 0.61 of its centre (in distances between neighbours' centres),
  // and what is neither in the cell nor in one beside it begins at 1.15.
  Cover CoverWide(const std::vector<CellId>* cells) {
    const int finest = levels_->finest().lattice.resolution();
    int resolution = finest;
    double touched_each = 1;
    while (cells == nullptr) {  // at resolution 0 all of them are few
      cells = CovererAt(--resolution).Cover(footprint_);
      touched_each *= kChildrenPerCell;
    }
    wide_ = *cells;
    const auto touched = static_cast<uint64_t>(touched_each * static_cast<double>(wide_.size()));
    if (resolution < finest) AddNeighbours(&wide_);
    while (wide_.size() > max_cells_ && resolution > 0) ReplaceByParents(--resolution, &wide_);
    if (wide_.size() > max_cells_) wide_ = {kGlobalCell};
    return {&wide_, touched};
  }

  LevelCoverer& CovererAt(int resolution) {
    std::unique_ptr<LevelCoverer>& coverer = coarser_[static_cast<size_t>(resolution)];
    if (coverer == nullptr) coverer = std::make_unique<LevelCoverer>(&levels_->At(resolution), MostCells());
    return *coverer;
  }

  const H3Levels* levels_;
  const size_t max_cells_;
  Footprint footprint_;
  LevelCoverer finest_;
  std::array<std::unique_ptr<LevelCoverer>, 15> coarser_;
  std::vector<CellId> wide_;
};

class H3Partitioner : public Partitioner {
 public:
  H3Partitioner(int resolution, size_t max_cells) : levels_(resolution), max_cells_(max_cells) {}

  Result<CellAssignments> Assign(const arrow::BinaryArray& geometry,
                                 const arrow::StructArray* bbox) const override {
    ItemCoverer coverer(&levels_, max_cells_);
    return AssignRows(geometry, bbox, [&](const Geometry& footprint, std::optional<LongitudeBounds> bounds) {
      return coverer.CoverItem(footprint, bounds);
    });
  }

  Result<std::optional<std::set<std::string>>> NamesToLookInto(std::string_view region) const override {
    ARROW_ASSIGN_OR_RAISE(const Geometry geometry, ParseWkb(region));
    Footprint footprint;
    ARROW_RETURN_NOT_OK(footprint.Set(geometry, std::nullopt));
    LevelCoverer coverer(&levels_.finest(), kMostCellsPerItem);
    const std::vector<CellId>* touched = coverer.Cover(footprint);
    if (touched == nullptr) return std::nullopt;
    std::vector<CellId> cells = *touched;
    std::set<std::string> names;
    const auto add = [&] { std::ranges::transform(cells, std::inserter(names, names.end()), Named); };
    add();
    if (max_cells_ == 0) return names;
    for (int resolution = levels_.finest().lattice.resolution(); resolution > 0;) {
      ReplaceByParents(--resolution, &cells);
      add();
    }
    names.insert(kGlobalCellName);
    return names;
  }

  std::string Name(CellId cell) const override { return Named(cell); }
  std::string type() const override { return "h3"; }
  std::optional<int> resolution() const override { return levels_.finest().lattice.resolution(); }

 private:
  static std::string Named(CellId cell) {
    if (cell == kNoCell) return kNoCellName;
    return cell == kGlobalCell ? kGlobalCellName : fmt::format("{:x}", cell);
  }

  const H3Levels levels_;
  const size_t max_cells_;
};

}  // namespace

std::optional<int> H3ResolutionOf(std::string_view cell) {
  uint64_t number = 0;
  const auto parsed = std::from_chars(cell.data(), cell.data() + cell.size(), number, 16);
  if (parsed.ec != std::errc{} || parsed.ptr != cell.data() + cell.size()) return std::nullopt;
  return isValidCell(number) != 0 ? std::optional(getResolution(number)) : std::nullopt;
}

Result<std::shared_ptr<const Partitioner>> MakeH3Partitioner(int resolution, int64_t max_cells) {
  if (resolution < 0 || resolution > 15)
    return UsageError("H3 has the resolutions 0 to 15, not {}", resolution);
  return std::make_shared<const H3Partitioner>(resolution, static_cast<size_t>(max_cells));
}

}  // namespace earthcatalog::grid
