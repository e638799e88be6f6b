// The plane geometry agrees with H3: same tile, same cell; and borders lie where H3's do.
#include "earthcatalog/grid/face_lattice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "earthcatalog/grid/cell_index.h"
#include "unit/grid/shapes.h"

namespace earthcatalog::grid {
namespace {

constexpr double kDegrees = 180 / std::numbers::pi;

class FaceLatticeTest : public ::testing::TestWithParam<int> {};

struct Point {
  double lon, lat;
};
Point RandomPoint(testing::Random* random) {
  return {std::uniform_real_distribution<double>(-std::numbers::pi, std::numbers::pi)(*random),
          std::asin(std::uniform_real_distribution<double>(-1, 1)(*random))};
}

TEST_P(FaceLatticeTest, EveryPointHasTheCellThatH3Says) {
  const FaceLattice lattice(GetParam());
  const CellIndex index(&lattice);
  testing::Random random(7);
  for (int k = 0; k < 20000; ++k) {
    const Point p = RandomPoint(&random);
    const Spot spot = lattice.Locate(p.lon, p.lat, k % 20);
    ASSERT_GE(spot.face_margin, 0);
    ASSERT_EQ(index.CellOf(spot.tile), testing::CellAt({p.lon * kDegrees, p.lat * kDegrees}, GetParam()))
        << p.lon << " " << p.lat << " margin " << spot.hexagon_margin << " face margin " << spot.face_margin;
  }
}

// Between two points of different cells, H3's border is found by halving; ours must be there too.
TEST_P(FaceLatticeTest, BordersLieWhereH3HasThem) {
  const FaceLattice lattice(GetParam());
  testing::Random random(8);
  const double step = 1 / lattice.units_per_radian();
  double farthest = 0;
  for (int k = 0; k < 5000; ++k) {
    const Point a = RandomPoint(&random);
    if (std::abs(a.lat) > 1.5) continue;
    const auto cell = [&](double t) {
      return testing::CellAt({(a.lon + t * step) * kDegrees, a.lat * kDegrees}, GetParam());
    };
    double low = 0, high = 1;
    if (cell(low) == cell(high)) continue;
    for (int halving = 0; halving < 60; ++halving) {
      const double middle = 0.5 * (low + high);
      (cell(middle) == cell(0) ? low : high) = middle;
    }
    const Spot spot = lattice.Locate(a.lon + low * step, a.lat, 0);
    farthest =
        std::max(farthest, std::min(spot.hexagon_margin, spot.face_margin) / lattice.units_per_radian());
  }
  EXPECT_LT(farthest, 1e-14);
}

INSTANTIATE_TEST_SUITE_P(Resolutions, FaceLatticeTest, ::testing::Range(0, 16),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace earthcatalog::grid
