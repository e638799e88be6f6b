// What a covering promises, on random footprints: every point of the footprint lies in a cell of the result,
// and next to no cell is there without reason. `grid_exhaustive` does the same at length.
#include <gtest/gtest.h>

#include <memory>

#include "earthcatalog/grid/partitioner.h"
#include "unit/grid/shapes.h"

namespace earthcatalog::grid {
namespace {

using namespace testing;

// The largest shape, in degrees, that keeps the number of cells in the thousands.
double LargestShape(int resolution) { return std::min(80.0, 80 * std::pow(2.6, 3 - resolution)); }

class CoverageTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    Config config;
    config.resolution = GetParam();
    partitioner_ = MakePartitioner(config).ValueOrDie();
  }
  std::shared_ptr<const Partitioner> partitioner_;
};

TEST_P(CoverageTest, EveryPointOfAFootprintLiesInACellOfTheResult) {
  Random random(static_cast<uint64_t>(GetParam()) + 1);
  for (int k = 0; k < 400; ++k) {
    const Shape shape = RandomShape(LargestShape(GetParam()), &random);
    const Writing writing = k % 2 == 0 ? Writing::kBeyond180 : Writing::kWrapped;
    const std::set<CellId> cells = Assign(*partitioner_, Write(shape, writing));
    ASSERT_FALSE(cells.empty()) << Describe(shape);
    ASSERT_EQ(FirstMissing(shape, cells, GetParam(), 200, &random), "");
  }
}

TEST_P(CoverageTest, ExtraCellsAreUnderOnePercent) {
  Random random(static_cast<uint64_t>(GetParam()) + 100);
  size_t all = 0, extra = 0;
  for (int k = 0; k < 40; ++k) {
    const Shape shape = RandomShape(0.1 * LargestShape(GetParam()), &random);
    const std::set<CellId> cells = Assign(*partitioner_, Write(shape, Writing::kBeyond180));
    all += cells.size();
    extra += CountExtra(shape, cells, GetParam(), 2000);
  }
  EXPECT_LE(extra, all / 100) << "of " << all;
}

INSTANTIATE_TEST_SUITE_P(Resolutions, CoverageTest, ::testing::Range(0, 16),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace earthcatalog::grid
