// Items that touch more cells than the table's limit: they lie in coarser cells, and a search finds them.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <h3/h3api.h>

#include <cmath>
#include <numbers>

#include "earthcatalog/grid/limited_partitioner.h"
#include "unit/grid/shapes.h"

namespace earthcatalog::grid {
namespace {

using namespace testing;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::SizeIs;

using Cells = std::set<CellId>;
using Names = std::set<std::string>;

std::shared_ptr<const Partitioner> H3(int resolution, int64_t max_cells) {
  return MakePartitioner({.type = "h3", .resolution = resolution, .max_cells = max_cells}).ValueOrDie();
}

CellAssignments AssignOne(const Partitioner& partitioner, const std::string& wkb) {
  arrow::BinaryBuilder builder;
  EXPECT_TRUE(builder.Append(wkb).ok());
  const std::shared_ptr<arrow::Array> geometry = builder.Finish().ValueOrDie();
  return partitioner.Assign(static_cast<const arrow::BinaryArray&>(*geometry), nullptr).ValueOrDie();
}

std::string BoxWkb(double west, double south, double east, double north) {
  return PolygonWkb({{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}});
}

int CoarsestOf(const Cells& cells) {
  return *cells.rbegin() == kGlobalCell ? -1 : getResolution(*cells.begin());
}

Cells AncestorsAt(int resolution, const Cells& cells) {
  Cells ancestors;
  for (const CellId cell : cells) {
    const std::vector<CellId> line = LineOf(cell);  // finest first, kGlobalCell last
    ancestors.insert(line[line.size() - 2 - static_cast<size_t>(resolution)]);
  }
  return ancestors;
}

class WideTest : public ::testing::TestWithParam<int> {};

TEST_P(WideTest, OfEveryPointTheCellOrAnAncestorIsAmongAtMostSoManyCells) {
  const int resolution = GetParam();
  Random random(static_cast<uint64_t>(resolution) + 7);
  for (const size_t limit : {1u, 7u, 100u}) {
    const auto limited = H3(resolution, static_cast<int64_t>(limit));
    size_t wide = 0;
    for (int k = 0; k < 150; ++k) {
      // As large as the Earth allows, down to some cells.
      const double largest =
          80 * std::pow(2.6, -static_cast<double>(random() % (static_cast<size_t>(resolution) + 1)));
      const Shape shape = RandomShape(largest, &random);
      const Cells cells =
          Assign(*limited, Write(shape, k % 2 == 0 ? Writing::kBeyond180 : Writing::kWrapped));
      ASSERT_FALSE(cells.empty()) << Describe(shape);
      ASSERT_LE(cells.size(), limit);
      const int coarsest = CoarsestOf(cells);
      ASSERT_EQ(FirstMissing(shape, cells, resolution, 100, &random, Within::kCellsOrAncestors), "");
      ASSERT_TRUE(coarsest >= 0 || cells.size() == 1);
      for (const CellId cell : cells) {
        ASSERT_TRUE(coarsest < 0 || getResolution(cell) == coarsest);
      }
      wide += coarsest < resolution ? 1 : 0;
    }
    EXPECT_TRUE(limit > 1 || wide > 10) << wide;
  }
}

// What it is with all cells is known where these are not too many: then the item has them, or exactly their
// parents as far up as needed, or of many cells few more.
TEST_P(WideTest, ItHasTheParentsOfItsCellsAndFewMore) {
  const int resolution = GetParam();
  const auto limited = H3(resolution, 100), unlimited = H3(resolution, 0);
  Random random(static_cast<uint64_t>(resolution) + 70);
  size_t all = 0, extra = 0;
  for (int k = 0; k < 60; ++k) {
    const Shape shape = RandomShape(std::min(80.0, 30 * std::pow(2.6, 4 - resolution)), &random);
    const Written written = Write(shape, Writing::kBeyond180);
    const Cells finest = Assign(*unlimited, written), cells = Assign(*limited, written);
    if (finest.empty()) continue;  // more than 100,000
    const int coarsest = CoarsestOf(cells);
    if (finest.size() <= 100) {
      ASSERT_EQ(cells, finest);
      continue;
    }
    if (coarsest < 0) {
      ASSERT_GT(AncestorsAt(0, finest).size(), finest.size() > 2000 ? 60 : 100) << Describe(shape);
      continue;
    }
    const Cells exact = AncestorsAt(coarsest, finest);
    ASSERT_THAT(cells, ::testing::IsSupersetOf(exact)) << Describe(shape);
    if (finest.size() <= 2000) {
      ASSERT_EQ(cells, exact);
      ASSERT_GT(AncestorsAt(coarsest + 1, finest).size(), 100) << "coarser than needed";
    }
    all += cells.size();
    extra += cells.size() - exact.size();
  }
  EXPECT_LE(extra, all / 4) << "of " << all;
}

INSTANTIATE_TEST_SUITE_P(Resolutions, WideTest, ::testing::Range(0, 16), ::testing::PrintToStringParamName());

// What the cover of footprints of too many cells relies on.
TEST(WideItemTest, AnAncestorIsTheCellThereOrBesideIt) {
  Random random(3);
  std::vector<CellId> pentagons(12);
  ASSERT_EQ(getPentagons(0, pentagons.data()), E_SUCCESS);
  for (int k = 0; k < 20000; ++k) {
    Position p = {std::uniform_real_distribution<double>(-180, 180)(random),
                  180 / std::numbers::pi * std::asin(std::uniform_real_distribution<double>(-1, 1)(random))};
    if (k % 2 == 0) {  // near a corner of the icosahedron, at all scales
      LatLng corner = {0, 0};
      cellToLatLng(pentagons[random() % 12], &corner);
      const double reach = std::pow(2.6, -static_cast<double>(random() % 15)) * 30;
      p = {radsToDegs(corner.lng) + reach * p.lon / 180,
           std::clamp(radsToDegs(corner.lat) + reach * p.lat / 90, -90.0, 90.0)};
    }
    const std::vector<CellId> line = LineOf(CellAt(p, 15));
    for (int resolution = 0; resolution < 15; ++resolution) {
      std::vector<H3Index> around(7);
      ASSERT_EQ(gridDisk(CellAt(p, resolution), 1, around.data()), E_SUCCESS);
      ASSERT_THAT(around, Contains(line[15 - static_cast<size_t>(resolution)])) << p.lon << " " << p.lat;
    }
  }
}

TEST(WideItemTest, TheWholeEarthIsOneCellAtEveryResolution) {
  for (int resolution = 0; resolution <= 15; ++resolution) {
    const CellAssignments assignments = AssignOne(*H3(resolution, 100), BoxWkb(-180, -90, 180, 90));
    EXPECT_THAT(assignments.cells, ElementsAre(kGlobalCell));
    EXPECT_TRUE(assignments.rejected.empty());
    ASSERT_THAT(assignments.wide, SizeIs(1));
    const double all = 2 + 120 * std::pow(7, resolution);
    EXPECT_NEAR(static_cast<double>(assignments.wide[0].touched), all, 0.02 * all);
  }
  EXPECT_THAT(AssignOne(*H3(1, 842), BoxWkb(-180, -90, 180, 90)).cells, SizeIs(842));
  EXPECT_EQ(H3(1, 100)->Name(kGlobalCell), "__global__");
}

TEST(WideItemTest, NoItemIsTooWide) {
  for (const std::string& wkb :
       {BoxWkb(0, 0, 40, 40), LineWkb({{0, 0}, {0, 80}}), LineWkb({{0, 5}, {80, 5}}),
        CollectionWkb(GeometryType::kMultiPolygon, {BoxWkb(0, 0, 10, 10), BoxWkb(100, 60, 110, 70)})}) {
    for (const int resolution : {7, 15}) {
      const CellAssignments assignments = AssignOne(*H3(resolution, 100), wkb);
      EXPECT_TRUE(assignments.rejected.empty());
      EXPECT_GT(assignments.cells.size(), 14);  // not much coarser than needed
      EXPECT_LE(assignments.cells.size(), 100);
    }
  }
}

// As many parts as one likes in few cells are no wide item.
TEST(WideItemTest, ManyPartsInOneCellAreNarrow) {
  std::vector<std::string> members;
  for (int k = 0; k < 5000; ++k) members.push_back(BoxWkb(10, 50, 10 + 1e-6 * k, 50.0001));
  const auto wkb = CollectionWkb(GeometryType::kMultiPolygon, members);
  EXPECT_EQ(AssignOne(*H3(1, 1), wkb).cells, std::vector<CellId>{CellAt({10, 50}, 1)});
  EXPECT_TRUE(AssignOne(*H3(1, 1), wkb).wide.empty());
}

// --- searching

// An item and a region that share a point share a name, whatever the item's width.
TEST(NamesToLookIntoTest, EveryItemThatMeetsTheRegionIsFound) {
  Random random(21);
  size_t shared = 0, found_coarse = 0;
  for (const int resolution : {0, 1, 3, 5}) {
    const auto grid = H3(resolution, 20);
    for (int k = 0; k < 150; ++k) {
      const Shape item = RandomShape(k % 2 == 0 ? 80 : 10, &random);
      const Position p = PointOnEdge(item, &random);
      const double size = std::pow(10, std::uniform_real_distribution<double>(-4, 1)(random));
      const double south = std::clamp(p.lat - size, -90.0, 90.0),
                   north = std::clamp(p.lat + size, -90.0, 90.0);
      const auto names = grid->NamesToLookInto(BoxWkb(p.lon, south, p.lon + size, north)).ValueOrDie();
      ASSERT_TRUE(names);
      bool found = false;
      for (const CellId cell : Assign(*grid, Write(item, Writing::kBeyond180))) {
        found = found || names->contains(grid->Name(cell));
        found_coarse += cell == kGlobalCell || getResolution(cell) < resolution ? 1 : 0;
      }
      ASSERT_TRUE(found) << Describe(item);
      ++shared;
    }
  }
  EXPECT_EQ(shared, 600);
  EXPECT_GT(found_coarse, 100);
}

TEST(NamesToLookIntoTest, TheyAreTheCellsTheirAncestorsAndTheWholeEarth) {
  const std::string region = BoxWkb(-50, 60, -45, 63);
  Names expected;
  for (const CellId cell : AssignOne(*H3(4, 0), region).cells) {
    for (const CellId ancestor : LineOf(cell)) expected.insert(H3(4, 1)->Name(ancestor));
  }
  EXPECT_EQ(H3(4, 100)->NamesToLookInto(region).ValueOrDie(), expected);
  EXPECT_EQ(H3(4, 1)->NamesToLookInto(region).ValueOrDie(), expected) << "a region has no limit";
}

TEST(NamesToLookIntoTest, WithoutALimitTheyAreTheCellsAlone) {
  const std::string region = BoxWkb(-50, 60, -45, 63);
  Names expected;
  for (const CellId cell : AssignOne(*H3(4, 0), region).cells) expected.insert(H3(4, 0)->Name(cell));
  EXPECT_EQ(H3(4, 0)->NamesToLookInto(region).ValueOrDie(), expected);
}

TEST(NamesToLookIntoTest, OfVeryManyCellsThereIsNoList) {
  EXPECT_EQ(H3(7, 100)->NamesToLookInto(BoxWkb(-180, -90, 180, 90)).ValueOrDie(), std::nullopt);
  EXPECT_EQ(H3(7, 0)->NamesToLookInto(BoxWkb(-180, -90, 180, 90)).ValueOrDie(), std::nullopt);
  EXPECT_FALSE(H3(7, 100)->NamesToLookInto(PointWkb({0, 91})).ok());
  EXPECT_FALSE(H3(7, 100)->NamesToLookInto("no WKB").ok());
}

// --- grids that have no coarser cells

// Item k is in k cells, named by their numbers.
class Counting : public Partitioner {
 public:
  Result<CellAssignments> Assign(const arrow::BinaryArray& geometry,
                                 const arrow::StructArray*) const override {
    CellAssignments assignments{{0}, {}, {}};
    for (int64_t item = 0; item < geometry.length(); ++item) {
      for (CellId cell = 0; cell < geometry.GetView(item).size(); ++cell)
        assignments.cells.push_back(cell + 1);
      assignments.offsets.push_back(static_cast<uint32_t>(assignments.cells.size()));
    }
    assignments.rejected.push_back({0, "bad_cells", "for the test"});
    return assignments;
  }
  std::string Name(CellId cell) const override { return fmt::format("cell {}", cell); }
  std::string type() const override { return "counting"; }
  std::optional<int> resolution() const override { return std::nullopt; }
};

TEST(WithLimitTest, ItemsOfMoreCellsAreInTheGlobalCellAlone) {
  const auto grid = WithLimit(std::make_shared<Counting>(), 2);
  arrow::BinaryBuilder builder;
  for (const char* item : {"1", "333", "22"}) ASSERT_TRUE(builder.Append(item).ok());
  const std::shared_ptr<arrow::Array> items = builder.Finish().ValueOrDie();
  const auto assignments = grid->Assign(static_cast<const arrow::BinaryArray&>(*items), nullptr).ValueOrDie();
  EXPECT_THAT(assignments.offsets, ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(assignments.cells, ElementsAre(1, kGlobalCell, 1, 2));
  EXPECT_THAT(assignments.rejected, SizeIs(1));
  ASSERT_THAT(assignments.wide, SizeIs(1));
  EXPECT_EQ(assignments.wide[0].item, 1);
  EXPECT_EQ(assignments.wide[0].touched, 3);
  EXPECT_EQ(grid->Name(2), "cell 2");
  EXPECT_EQ(grid->Name(kGlobalCell), "__global__");
  EXPECT_EQ(grid->type(), "counting");
}

TEST(WithLimitTest, ASearchLooksIntoTheGlobalCellToo) {
  class Named : public Counting {
   public:
    Result<CellAssignments> Assign(const arrow::BinaryArray&, const arrow::StructArray*) const override {
      return CellAssignments{{0, 3}, {1, 2, 3}, {}};
    }
  };
  const auto grid = std::make_shared<Named>();
  EXPECT_EQ(grid->NamesToLookInto("").ValueOrDie(), (Names{"__none__", "cell 1", "cell 2", "cell 3"}));
  EXPECT_EQ(WithLimit(grid, 2)->NamesToLookInto("").ValueOrDie(),
            (Names{"__global__", "__none__", "cell 1", "cell 2", "cell 3"}));
}

TEST(WithLimitTest, NoLimitChangesNothing) {
  const auto grid = std::make_shared<Counting>();
  EXPECT_EQ(WithLimit(grid, 0), grid);
}

}  // namespace
}  // namespace earthcatalog::grid
