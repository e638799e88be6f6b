// The covering properties at length: grid_exhaustive [FOOTPRINTS per resolution] [POINTS per footprint].
#include <fmt/format.h>

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

}  // namespace
}  // namespace earthcatalog::grid::testing

int main(int argc, char** argv) {
  const size_t footprints = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 5000;
  const size_t points = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2000;
  bool good = true;
  for (int resolution = 0; resolution <= earthcatalog::grid::testing::kFinest; ++resolution)
    good = earthcatalog::grid::testing::Holds(resolution, footprints, points) && good;
  return good ? 0 : 1;
}
