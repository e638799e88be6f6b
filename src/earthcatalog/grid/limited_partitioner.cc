#include "earthcatalog/grid/limited_partitioner.h"

#include <utility>

namespace earthcatalog::grid {
namespace {

class LimitedPartitioner : public Partitioner {
 public:
  LimitedPartitioner(std::shared_ptr<const Partitioner> grid, size_t max_cells)
      : grid_(std::move(grid)), max_cells_(max_cells) {}

  Result<CellAssignments> Assign(const arrow::BinaryArray& geometry,
                                 const arrow::StructArray* bbox) const override {
    ARROW_ASSIGN_OR_RAISE(CellAssignments all, grid_->Assign(geometry, bbox));
    CellAssignments limited{.offsets = {0}, .cells = {}, .rejected = std::move(all.rejected)};
    for (size_t i = 0; i + 1 < all.offsets.size(); ++i) {
      const auto begin = all.cells.begin() + all.offsets[i], end = all.cells.begin() + all.offsets[i + 1];
      const auto touched = static_cast<size_t>(end - begin);
      if (touched > max_cells_) {
        limited.cells.push_back(kGlobalCell);
        limited.wide.push_back({static_cast<uint32_t>(i), touched});
      } else {
        limited.cells.insert(limited.cells.end(), begin, end);
      }
      limited.offsets.push_back(static_cast<uint32_t>(limited.cells.size()));
    }
    return limited;
  }

  Result<std::optional<std::set<std::string>>> NamesToLookInto(std::string_view region) const override {
    ARROW_ASSIGN_OR_RAISE(auto names, grid_->NamesToLookInto(region));
    if (names) names->insert(kGlobalCellName);
    return names;
  }

  std::string Name(CellId cell) const override {
    return cell == kGlobalCell ? kGlobalCellName : grid_->Name(cell);
  }
  std::string type() const override { return grid_->type(); }
  std::optional<int> resolution() const override { return grid_->resolution(); }

 private:
  const std::shared_ptr<const Partitioner> grid_;
  const size_t max_cells_;
};

}  // namespace

std::shared_ptr<const Partitioner> WithLimit(std::shared_ptr<const Partitioner> grid, int64_t max_cells) {
  if (max_cells == 0) return grid;
  return std::make_shared<const LimitedPartitioner>(std::move(grid), static_cast<size_t>(max_cells));
}

}  // namespace earthcatalog::grid
