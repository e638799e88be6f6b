#include "earthcatalog/grid/region_partitioner.h"

#include <mutex>
#include <utility>
#include <vector>

#include "earthcatalog/grid/assign_rows.h"
#include "earthcatalog/grid/boundaries.h"
#include "earthcatalog/grid/region_map.h"
#include "earthcatalog/grid/region_matcher.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::grid {
namespace {

class RegionPartitioner : public Partitioner {
 public:
  RegionPartitioner(std::vector<std::string> names, std::unique_ptr<const RegionMap> map)
      : names_(std::move(names)), map_(std::move(map)) {}

  Result<CellAssignments> Assign(const arrow::BinaryArray& geometry,
                                 const arrow::StructArray* bbox) const override {
    std::unique_ptr<RegionMatcher> matcher = TakeMatcher();
    auto assignments =
        AssignRows(geometry, bbox, [&](const Geometry& footprint, std::optional<LongitudeBounds> bounds) {
          return matcher->Match(footprint, bounds).Map([](const auto* cells) { return Cover{cells}; });
        });
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(matcher));
    return assignments;
  }

  std::string Name(CellId cell) const override {
    return cell == kNoCell ? kNoCellName : names_[static_cast<size_t>(cell) - 1];
  }
  std::string type() const override { return "geojson"; }
  std::optional<int> resolution() const override { return std::nullopt; }

 private:
  std::unique_ptr<RegionMatcher> TakeMatcher() const {
    std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<RegionMatcher>(map_.get());
    std::unique_ptr<RegionMatcher> matcher = std::move(idle_.back());
    idle_.pop_back();
    return matcher;
  }

  const std::vector<std::string> names_;
  const std::unique_ptr<const RegionMap> map_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<RegionMatcher>> idle_;  // guarded; as many as Assign ran at once
};

}  // namespace

Result<std::shared_ptr<const Partitioner>> MakeRegionPartitioner(const std::string& boundaries_path,
                                                                 const std::string& id_field) {
  if (boundaries_path.empty())
    return UsageError("a geojson grid needs boundaries_path, the GeoJSON file of its regions");
  if (id_field.empty())
    return UsageError("a geojson grid needs id_field, the property that is a region's name");
  ARROW_ASSIGN_OR_RAISE(const std::vector<Region> regions, LoadBoundaries(boundaries_path, id_field));
  auto map = RegionMap::Make(regions);
  if (!map.ok()) return WithContext(map.status(), "the boundaries " + io::NameForMessages(boundaries_path));
  std::vector<std::string> names;
  for (const Region& region : regions) names.push_back(region.name);
  return std::make_shared<const RegionPartitioner>(std::move(names), std::move(map).ValueUnsafe());
}

}  // namespace earthcatalog::grid
