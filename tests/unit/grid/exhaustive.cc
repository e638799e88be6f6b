// The covering properties at length: grid_exhaustive [FOOTPRINTS per resolution] [POINTS per footprint].
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "unit/grid/shapes.h"

namespace earthcatalog::grid::testing {
namespace {

constexpr int kFinest = 9;

// Whether the properties hold at a resolution; prints what does not.
bool Holds(int resolution, size_t footprints, size_t points) {
  Config config;
  config.resolution = resolution;
  const auto partitioner = MakePartitioner(config).ValueOrDie();
  Random random(static_cast<uint64_t>(resolution) + 1000);
  const double largest = std::min(80.0, 40 * std::pow(2.6, 3 - resolution));
  const bool every_extra = 1 <= resolution && resolution <= 3;  // the resolutions that tables have
  size_t missing = 0, cells_in_all = 0, extra = 0;
  for (size_t k = 0; k < footprints; ++k) {
    const Shape shape = RandomShape(largest, &random);
    const std::set<CellId> cells =
        Assign(*partitioner, Write(shape, k % 2 == 0 ? Writing::kBeyond180 : Writing::kWrapped));
    const std::string first = FirstMissing(shape, cells, resolution, points, &random);
    if (!first.empty() && ++missing <= 5) fmt::print("resolution {}: {}\n", resolution, first);
    if (every_extra || k % 50 == 0) {
      cells_in_all += cells.size();
      extra += CountExtra(shape, cells, resolution, 20000);
    }
  }
  fmt::print("resolution {}: {} footprints, {} with a missing cell; {} of {} cells extra\n", resolution,
             footprints, missing, extra, cells_in_all);
  std::fflush(stdout);
  return missing == 0 && extra * 100 <= cells_in_all;
}

// The same with a limit of cells, up to footprints as large as the Earth allows: then an ancestor of a
// point's cell is as good. What it is without the limit is known where these cells are not too many; extra
// is what is no ancestor of them.
bool HoldsWithLimit(int resolution, size_t footprints, size_t points) {
  using Clock = std::chrono::steady_clock;
  const auto limited =
      MakePartitioner({.resolution = resolution, .max_cells = kDefaultMaxCells}).ValueOrDie();
  const auto unlimited = MakePartitioner({.resolution = resolution, .max_cells = 0}).ValueOrDie();
  Random random(static_cast<uint64_t>(resolution) + 2000);
  size_t wide = 0, missing = 0, changed = 0, too_many = 0, cells_in_all = 0, extra = 0;
  Clock::duration longest{0}, all_wide{0};
  for (size_t k = 0; k < footprints; ++k) {
    const double steps = static_cast<double>(random() % (static_cast<size_t>(resolution) + 1));
    const Shape shape = RandomShape(80 * std::pow(2.6, -steps), &random);
    const Written written = Write(shape, k % 2 == 0 ? Writing::kBeyond180 : Writing::kWrapped);
    const Clock::time_point start = Clock::now();
    const std::set<CellId> cells = Assign(*limited, written);
    const Clock::duration took = Clock::now() - start;
    const std::string first =
        FirstMissing(shape, cells, resolution, points, &random, Within::kCellsOrAncestors);
    if (!first.empty() && ++missing <= 5) fmt::print("resolution {}: {}\n", resolution, first);
    if (cells.empty()) continue;
    too_many += cells.size() > kDefaultMaxCells ? 1 : 0;
    longest = std::max(longest, took);
    const std::set<CellId> finest = k % 5 == 0 ? Assign(*unlimited, written) : std::set<CellId>();
    if (!finest.empty() && finest.size() <= kDefaultMaxCells) changed += finest != cells ? 1 : 0;
    const bool narrow = LineOf(*cells.begin()).size() == static_cast<size_t>(resolution) + 2;
    if (narrow || *cells.begin() == kGlobalCell) continue;
    ++wide;
    all_wide += took;
    if (finest.empty()) continue;
    cells_in_all += cells.size();
    std::set<CellId> exact;
    for (const CellId cell : finest) {
      for (const CellId ancestor : LineOf(cell)) {
        if (cells.contains(ancestor)) exact.insert(ancestor);
      }
    }
    extra += cells.size() - exact.size();
  }
  const auto ms = [](auto time) { return std::chrono::duration<double, std::milli>(time).count(); };
  fmt::print(
      "resolution {}, at most {} cells: {} footprints, {} of them in coarser cells; {} with a missing cell, "
      "{} with too many, {} narrow ones changed; {} of {} coarser cells extra; {:.1f} ms a wide one, at most "
      "{:.0f}\n",
      resolution, kDefaultMaxCells, footprints, wide, missing, too_many, changed, extra, cells_in_all,
      ms(all_wide) / static_cast<double>(std::max<size_t>(wide, 1)), ms(longest));
  std::fflush(stdout);
  return missing == 0 && too_many == 0 && changed == 0;
}

}  // namespace
}  // namespace earthcatalog::grid::testing

int main(int argc, char** argv) {
  const size_t footprints = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 5000;
  const size_t points = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2000;
  bool good = true;
  for (int resolution = 0; resolution <= earthcatalog::grid::testing::kFinest; ++resolution) {
    good = earthcatalog::grid::testing::Holds(resolution, footprints, points) && good;
    good = earthcatalog::grid::testing::HoldsWithLimit(resolution, footprints, points) && good;
  }
  return good ? 0 : 1;
}
