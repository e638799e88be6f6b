// The partitioner's contract, and the footprints that were lost or misplaced elsewhere.
#include "earthcatalog/grid/partitioner.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <h3/h3api.h>

#include <thread>

#include "unit/grid/shapes.h"

namespace earthcatalog::grid {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSubsetOf;
using ::testing::SizeIs;

using Cells = std::set<CellId>;

std::shared_ptr<const Partitioner> H3(int resolution) {
  Config config;
  config.resolution = resolution;
  return MakePartitioner(config).ValueOrDie();
}

using Wkbs = std::vector<std::optional<std::string>>;

std::shared_ptr<arrow::Array> ArrayOf(const Wkbs& wkbs) {
  arrow::BinaryBuilder builder;
  for (const auto& wkb : wkbs) EXPECT_TRUE((wkb ? builder.Append(*wkb) : builder.AppendNull()).ok());
  return builder.Finish().ValueOrDie();
}

CellAssignments AssignAll(const Partitioner& partitioner, const Wkbs& wkbs) {
  return partitioner.Assign(static_cast<const arrow::BinaryArray&>(*ArrayOf(wkbs)), nullptr).ValueOrDie();
}

Cells CellsOf(const std::string& wkb, int resolution,
              std::optional<std::pair<double, double>> bbox = std::nullopt) {
  return Assign(*H3(resolution), {wkb, bbox});
}

// Every point of a fine raster over the box, and of its edges, lies in one of the cells.
void ExpectCovered(const Cells& cells, int resolution, double west, double south, double east, double north) {
  constexpr int kSteps = 200;
  for (int x = 0; x <= kSteps; ++x) {
    for (int y = 0; y <= kSteps; ++y) {
      const Position p = {west + (east - west) * x / kSteps, south + (north - south) * y / kSteps};
      ASSERT_TRUE(cells.contains(CellAt(p, resolution))) << p.lon << " " << p.lat;
    }
  }
}

Positions Box(double west, double south, double east, double north) {
  return {{west, south}, {east, south}, {east, north}, {west, north}, {west, south}};
}

std::string BoxWkb(double west, double south, double east, double north) {
  return PolygonWkb({Box(west, south, east, north)});
}

// --- making one

TEST(MakePartitionerTest, TheDefaultIsH3AtResolution1) {
  const auto partitioner = MakePartitioner({}).ValueOrDie();
  EXPECT_EQ(partitioner->type(), "h3");
  EXPECT_EQ(partitioner->resolution(), 1);
}

TEST(MakePartitionerTest, UnsupportedTypesNameTheSupportedOnes) {
  for (const char* type : {"s2", "H3", "GeoJSON", ""}) {
    Config config;
    config.type = type;
    const Status status = MakePartitioner(config).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
    EXPECT_THAT(status.message(), HasSubstr("supported: h3, geojson"));
    EXPECT_THAT(status.message(), HasSubstr(fmt::format("'{}'", type)));
  }
}

TEST(MakePartitionerTest, ResolutionsOutOfRangeAreUsageErrors) {
  for (const int resolution : {-1, 16}) {
    Config config;
    config.resolution = resolution;
    const Status status = MakePartitioner(config).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
    EXPECT_THAT(status.message(), HasSubstr("0 to 15"));
  }
}

TEST(DangerD38, ResolutionZeroIsAResolution) {
  const auto partitioner = H3(0);
  EXPECT_EQ(partitioner->resolution(), 0);
  const CellAssignments assignments = AssignAll(*partitioner, {PointWkb({10, 50})});
  EXPECT_THAT(assignments.cells, ElementsAre(CellAt({10, 50}, 0)));
  EXPECT_THAT(Assign(*partitioner, {BoxWkb(-180, -90, 180, 90), {}}), SizeIs(122));
}

TEST(PartitionerTest, NamesAreHexadecimalNumbers) {
  const auto partitioner = H3(1);
  EXPECT_EQ(partitioner->Name(CellAt({0, 90}, 1)), "81033ffffffffff");
  EXPECT_EQ(partitioner->Name(kNoCell), "__none__");
}

// --- a batch

TEST(PartitionerTest, EachItemHasItsCellsSortedAndDistinct) {
  const auto partitioner = H3(2);
  const std::string box = BoxWkb(-50, 60, -30, 70);
  const CellAssignments assignments = AssignAll(
      *partitioner,
      {PointWkb({1, 2}), box, std::nullopt, CollectionWkb(GeometryType::kMultiPolygon, {box, box})});
  ASSERT_THAT(assignments.offsets, SizeIs(5));
  EXPECT_EQ(assignments.offsets[0], 0);
  EXPECT_EQ(assignments.offsets[4], assignments.cells.size());
  const auto cells = [&](size_t item) {
    return std::vector<CellId>(assignments.cells.begin() + assignments.offsets[item],
                               assignments.cells.begin() + assignments.offsets[item + 1]);
  };
  EXPECT_THAT(cells(0), ElementsAre(CellAt({1, 2}, 2)));
  EXPECT_GT(cells(1).size(), 10);
  const std::vector<CellId> box_cells = cells(1);
  const Cells in_order(box_cells.begin(), box_cells.end());
  EXPECT_EQ(box_cells, std::vector<CellId>(in_order.begin(), in_order.end()));
  EXPECT_THAT(cells(2), ElementsAre(kNoCell));
  EXPECT_EQ(cells(3), cells(1));
  EXPECT_TRUE(assignments.rejected.empty());
}

TEST(PartitionerTest, NoItemsGiveNoCells) {
  const CellAssignments assignments = AssignAll(*H3(1), {});
  EXPECT_THAT(assignments.offsets, ElementsAre(0));
  EXPECT_TRUE(assignments.cells.empty());
}

TEST(PartitionerTest, ASliceIsReadFromItsOffset) {
  arrow::BinaryBuilder geometry;
  arrow::DoubleBuilder west, east;
  // Only the bbox of the second says that its long edge is meant to be long.
  const std::string line = LineWkb({{-170, 10}, {170, 10}});
  for (const auto& [xmin, xmax] : {std::pair{170.0, -170.0}, {-170.0, 170.0}}) {
    ASSERT_TRUE(geometry.Append(line).ok() && west.Append(xmin).ok() && east.Append(xmax).ok());
  }
  const auto wkb = geometry.Finish().ValueOrDie();
  const auto bbox = arrow::StructArray::Make({west.Finish().ValueOrDie(), east.Finish().ValueOrDie()},
                                             std::vector<std::string>{"xmin", "xmax"})
                        .ValueOrDie();
  const auto cells = [&](int64_t begin, int64_t length) {
    const auto slice = wkb->Slice(begin, length);
    const auto bbox_slice = bbox->Slice(begin, length);
    return H3(1)
        ->Assign(static_cast<const arrow::BinaryArray&>(*slice),
                 static_cast<const arrow::StructArray*>(bbox_slice.get()))
        .ValueOrDie()
        .cells;
  };
  EXPECT_LT(cells(0, 1).size(), 10);
  EXPECT_GT(cells(1, 1).size(), 50);
  EXPECT_EQ(cells(0, 2).size(), cells(0, 1).size() + cells(1, 1).size());
}

TEST(PartitionerTest, RejectedItemsSayWhyAndLeaveTheOthersAlone) {
  const CellAssignments assignments = AssignAll(
      *H3(1),
      {PointWkb({0, 91}), PointWkb({10, 50}), std::string("\x01\x02"), LineWkb({{0, 0}, {std::nan(""), 1}})});
  EXPECT_THAT(assignments.offsets, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(assignments.cells, ElementsAre(kNoCell, CellAt({10, 50}, 1), kNoCell, kNoCell));
  ASSERT_THAT(assignments.rejected, SizeIs(3));
  EXPECT_EQ(assignments.rejected[0].item, 0);
  EXPECT_THAT(assignments.rejected[0].reason, HasSubstr("latitude 91"));
  EXPECT_EQ(assignments.rejected[1].item, 2);
  EXPECT_EQ(assignments.rejected[2].item, 3);
}

TEST(PartitionerTest, TooManyCellsAreRejectedSoon) {
  for (const std::string& wkb :
       {BoxWkb(0, 0, 40, 40), LineWkb({{0, 0}, {0, 80}}), LineWkb({{0, 5}, {80, 5}})}) {
    const CellAssignments assignments = AssignAll(*H3(15), {wkb});
    ASSERT_THAT(assignments.rejected, SizeIs(1));
    EXPECT_THAT(assignments.rejected[0].reason, HasSubstr("more than 100000 cells"));
    EXPECT_THAT(assignments.cells, ElementsAre(kNoCell));
  }
  // Few cells have edges here, many are inside.
  EXPECT_THAT(AssignAll(*H3(7), {BoxWkb(0, 0, 20, 20)}).rejected, SizeIs(1));
}

TEST(PartitionerTest, ThreadsShareIt) {
  const auto partitioner = H3(3);
  Random random(5);
  Wkbs wkbs;
  for (int k = 0; k < 500; ++k) wkbs.push_back(Write(RandomShape(5, &random), Writing::kBeyond180).wkb);
  const CellAssignments alone = AssignAll(*H3(3), wkbs);
  const std::shared_ptr<arrow::Array> array = ArrayOf(wkbs);
  const auto& geometry = static_cast<const arrow::BinaryArray&>(*array);
  std::vector<CellAssignments> results(4);
  {
    std::vector<std::jthread> threads;
    for (CellAssignments& result : results)
      threads.emplace_back([&] { result = partitioner->Assign(geometry, nullptr).ValueOrDie(); });
  }
  for (const CellAssignments& result : results) {
    EXPECT_EQ(result.cells, alone.cells);
    EXPECT_EQ(result.offsets, alone.offsets);
  }
}

// --- dangers

TEST(DangerD5, NoGeometryTypeIsDropped) {
  const std::string box = BoxWkb(20, 30, 21, 31);
  const Cells box_cells = CellsOf(box, 4);
  const Positions line = {{20, 30}, {21, 30.5}, {20, 31}};
  const Cells line_cells = CellsOf(LineWkb(line), 4);
  EXPECT_EQ(CellsOf(CollectionWkb(GeometryType::kMultiPolygon, {box}), 4), box_cells);
  EXPECT_THAT(line_cells, IsSubsetOf(box_cells));
  EXPECT_GT(line_cells.size(), 3);
  EXPECT_EQ(CellsOf(CollectionWkb(GeometryType::kMultiLineString, {LineWkb(line)}), 4), line_cells);
  const Cells points = {CellAt({20, 30}, 4), CellAt({-100, 50}, 4)};
  EXPECT_EQ(CellsOf(CollectionWkb(GeometryType::kMultiPoint, {PointWkb({20, 30}), PointWkb({-100, 50})}), 4),
            points);
  Cells all = box_cells;
  all.insert(points.begin(), points.end());
  EXPECT_EQ(CellsOf(CollectionWkb(GeometryType::kGeometryCollection,
                                  {CollectionWkb(GeometryType::kGeometryCollection, {box}), LineWkb(line),
                                   PointWkb({-100, 50})}),
                    4),
            all);
}

TEST(DangerD5, ItemsWithoutGeometryGoToNone) {
  const CellAssignments assignments =
      AssignAll(*H3(1), {std::nullopt, PolygonWkb({}), CollectionWkb(GeometryType::kGeometryCollection, {}),
                         CollectionWkb(GeometryType::kMultiPolygon, {PolygonWkb({})})});
  EXPECT_THAT(assignments.cells, ElementsAre(kNoCell, kNoCell, kNoCell, kNoCell));
  EXPECT_TRUE(assignments.rejected.empty());
}

TEST(DangerD5, HeightsAreSkipped) {
  std::string wkb;
  WkbWriter writer(&wkb);
  writer.Header(GeometryType::kLineString, true);
  const size_t count = writer.Count();
  for (const double value : {20.0, 30.0, 5000.0, 21.0, 31.0, -5.0}) writer.Double(value);
  writer.SetCount(count, 2);
  EXPECT_EQ(CellsOf(wkb, 5), CellsOf(LineWkb({{20, 30}, {21, 31}}), 5));
}

TEST(DangerD6, APolygonAroundAPoleIsCovered) {
  for (const double pole : {90.0, -90.0}) {
    const double lat = pole > 0 ? 75 : -75;
    const std::string ring = PolygonWkb({{{-180, lat}, {-90, lat}, {0, lat}, {90, lat}, {-180, lat}}});
    for (int resolution = 0; resolution <= 4; ++resolution) {
      const Cells cells = CellsOf(ring, resolution);
      ExpectCovered(cells, resolution, -180, std::min(lat, pole), 180, std::max(lat, pole));
      EXPECT_FALSE(cells.contains(CellAt({0, 0.8 * lat}, resolution + 2)));
    }
  }
}

TEST(DangerD6, APoleMayBeEnclosedByASeamOrByEdgesAlongIt) {
  const Cells ring = CellsOf(PolygonWkb({{{-180, -75}, {-90, -75}, {0, -75}, {90, -75}, {-180, -75}}}), 3);
  const std::string strip = BoxWkb(-180, -90, 180, -75);
  Cells seamless = CellsOf(strip, 3);
  EXPECT_THAT(ring, IsSubsetOf(seamless));
  ExpectCovered(seamless, 3, -180, -90, 180, -75);
  EXPECT_EQ(seamless, ring);  // the seam runs inside
  // A sector that has the pole as an edge.
  const Cells sector = CellsOf(BoxWkb(30, -90, 60, -80), 3);
  ExpectCovered(sector, 3, 30, -90, 60, -80);
  EXPECT_FALSE(sector.contains(CellAt({-135, -85}, 3)));
}

TEST(DangerD7, AnAntimeridianBoxHasItsTrueCellsHoweverItIsWritten) {
  const std::string beyond = BoxWkb(179, 10, 181, 11), below = BoxWkb(-181, 10, -179, 11);
  const std::string wrapped = PolygonWkb({{{179, 10}, {-179, 10}, {-179, 11}, {179, 11}, {179, 10}}});
  const std::string split =
      CollectionWkb(GeometryType::kMultiPolygon, {BoxWkb(179, 10, 180, 11), BoxWkb(-180, 10, -179, 11)});
  for (int resolution = 0; resolution <= 6; ++resolution) {
    const Cells cells = CellsOf(beyond, resolution);
    EXPECT_EQ(CellsOf(below, resolution), cells);
    EXPECT_EQ(CellsOf(wrapped, resolution), cells);
    EXPECT_EQ(CellsOf(wrapped, resolution, std::pair{179.0, -179.0}), cells);
    EXPECT_EQ(CellsOf(split, resolution), cells);
    ExpectCovered(cells, resolution, 179, 10, 181, 11);
  }
  EXPECT_EQ(CountExtra({{{Box(179, 10, 181, 11), {}, 0}}}, CellsOf(wrapped, 1), 1, 10000), 0);
  EXPECT_LE(CellsOf(wrapped, 1).size(), 3);
}

TEST(DangerD7, ABoxAlmostAroundTheEarthIsMeantWhenItsBboxSaysSo) {
  const std::string box = PolygonWkb({{{-170, 10}, {170, 10}, {170, 20}, {-170, 20}, {-170, 10}}});
  const Cells around = CellsOf(box, 2, std::pair{-170.0, 170.0});
  ExpectCovered(around, 2, -170, 10, 170, 20);
  const Cells across = CellsOf(box, 2);
  ExpectCovered(across, 2, 170, 10, 190, 20);
  EXPECT_FALSE(across.contains(CellAt({0, 15}, 2)));
}

TEST(DangerD8, TheEdgesOfHolesAreCoveredAndTheirInsideIsNot) {
  const std::string ring = PolygonWkb({Box(0, 40, 10, 50), Box(1, 41, 9, 49)});
  const Cells cells = CellsOf(ring, 4);
  for (const auto& [west, south, east, north] :
       {std::tuple{0., 40., 10., 41.}, {0., 49., 10., 50.}, {0., 40., 1., 50.}, {9., 40., 10., 50.}})
    ExpectCovered(cells, 4, west, south, east, north);
  EXPECT_FALSE(cells.contains(CellAt({5, 45}, 4)));
  // A hole that is smaller than a cell takes nothing away.
  EXPECT_EQ(CellsOf(PolygonWkb({Box(0, 40, 10, 50), Box(5, 45, 5.001, 45.001)}), 4),
            CellsOf(BoxWkb(0, 40, 10, 50), 4));
}

TEST(DangerD8, AThinBoxIsCoveredAtAFineResolution) {
  const Cells cells = CellsOf(BoxWkb(-50, 70, -49.4, 70.0001), 8);
  ExpectCovered(cells, 8, -50, 70, -49.4, 70.0001);
  EXPECT_GT(cells.size(), 20);
}

// --- odd footprints

TEST(OddFootprintTest, DegenerateRingsAreLinesAndPoints) {
  const Cells line = CellsOf(LineWkb({{0, 0}, {3, 3}}), 3);
  EXPECT_EQ(CellsOf(PolygonWkb({{{0, 0}, {3, 3}, {0, 0}}}), 3), line);
  EXPECT_EQ(CellsOf(PolygonWkb({{{0, 0}, {3, 3}, {3, 3}, {0, 0}, {0, 0}}}), 3), line);
  EXPECT_THAT(CellsOf(PolygonWkb({{{5, 5}, {5, 5}, {5, 5}, {5, 5}}}), 3), ElementsAre(CellAt({5, 5}, 3)));
  EXPECT_THAT(CellsOf(PolygonWkb({{{5, 5}}}), 3), ElementsAre(CellAt({5, 5}, 3)));
  EXPECT_THAT(CellsOf(LineWkb({{5, 5}}), 3), ElementsAre(CellAt({5, 5}, 3)));
}

TEST(OddFootprintTest, AnOpenRingIsClosed) {
  EXPECT_EQ(CellsOf(PolygonWkb({{{0, 0}, {10, 0}, {10, 10}, {0, 10}}}), 3), CellsOf(BoxWkb(0, 0, 10, 10), 3));
}

TEST(OddFootprintTest, BothWingsOfABowTieAreCovered) {
  const Cells cells = CellsOf(PolygonWkb({{{0, 0}, {10, 10}, {10, 0}, {0, 10}, {0, 0}}}), 4);
  EXPECT_TRUE(cells.contains(CellAt({1, 5}, 4)));
  EXPECT_TRUE(cells.contains(CellAt({9, 5}, 4)));
  EXPECT_FALSE(cells.contains(CellAt({5, 1}, 4)));
}

TEST(OddFootprintTest, TheOrientationOfRingsDoesNotMatter) {
  EXPECT_EQ(CellsOf(PolygonWkb({{{0, 0}, {0, 10}, {10, 10}, {10, 0}, {0, 0}}, Box(2, 2, 8, 8)}), 4),
            CellsOf(PolygonWkb({Box(0, 0, 10, 10), {{2, 2}, {2, 8}, {8, 8}, {8, 2}, {2, 2}}}), 4));
}

TEST(OddFootprintTest, ThePolesAreOnePointEach) {
  for (const double pole : {90.0, -90.0}) {
    const CellId cell = CellAt({0, pole}, 5);
    EXPECT_THAT(CellsOf(PointWkb({77, pole}), 5), ElementsAre(cell));
    EXPECT_THAT(CellsOf(LineWkb({{-180, pole}, {180, pole}}), 5), ElementsAre(cell));
  }
}

// A meridian is a great circle: the walk takes it in long strides, over several faces.
TEST(OddFootprintTest, MeridiansFromPoleToPoleAreCovered) {
  for (double lon = -180; lon < 180; lon += 3.7) {
    const Cells cells = CellsOf(LineWkb({{lon, -90}, {lon, 90}}), 4);
    for (int k = 0; k <= 20000; ++k)
      ASSERT_TRUE(cells.contains(CellAt({lon, -90 + 180 * k / 20000.0}, 4))) << lon;
    EXPECT_LT(cells.size(), 800);
  }
}

// A cell's own outline as a footprint: all its edges run along sides of cells, as near as rounding goes.
TEST(OddFootprintTest, TheOutlineOfACellTouchesItAndItsNeighbours) {
  Random random(3);
  for (int resolution = 0; resolution <= 15; ++resolution) {
    std::vector<H3Index> cells(12);
    ASSERT_EQ(getPentagons(resolution, cells.data()), E_SUCCESS);
    for (int k = 0; k < 20; ++k)
      cells.push_back(CellAt({std::uniform_real_distribution<double>(-180, 180)(random),
                              std::uniform_real_distribution<double>(-89, 89)(random)},
                             resolution));
    for (const H3Index cell : cells) {
      CellBoundary boundary;
      ASSERT_EQ(cellToBoundary(cell, &boundary), E_SUCCESS);
      Shape shape;
      Positions ring;
      for (int k = 0; k < boundary.numVerts; ++k)
        ring.push_back({radsToDegs(boundary.verts[k].lng), radsToDegs(boundary.verts[k].lat)});
      ring.push_back(ring.front());
      const Cells covered = CellsOf(PolygonWkb({ring}), resolution);
      EXPECT_TRUE(covered.contains(cell));
      std::vector<H3Index> disk(7);
      ASSERT_EQ(gridDisk(cell, 1, disk.data()), E_SUCCESS);
      EXPECT_THAT(covered, IsSubsetOf(disk)) << "resolution " << resolution;
    }
  }
}

// Along the border between two faces of the icosahedron, through two of its corners.
TEST(OddFootprintTest, ALineAlongTheBorderOfTwoFacesIsCovered) {
  std::vector<H3Index> pentagons(12);
  ASSERT_EQ(getPentagons(0, pentagons.data()), E_SUCCESS);
  LatLng a = {0, 0}, b = {0, 0};
  cellToLatLng(pentagons[0], &a);
  double nearest = 10;
  for (const H3Index other : pentagons) {
    LatLng center = {0, 0};
    cellToLatLng(other, &center);
    const double distance = greatCircleDistanceRads(&a, &center);
    if (distance > 0.1 && distance < nearest) {
      nearest = distance;
      b = center;
    }
  }
  Positions line;
  const auto direction = [](const LatLng& p) {
    return std::array{std::cos(p.lat) * std::cos(p.lng), std::cos(p.lat) * std::sin(p.lng), std::sin(p.lat)};
  };
  const auto u = direction(a), v = direction(b);
  for (int k = 0; k <= 2000; ++k) {
    const double t = k / 2000.0;
    std::array<double, 3> p;
    for (size_t i = 0; i < 3; ++i) p[i] = (1 - t) * u[i] + t * v[i];
    line.push_back(
        {radsToDegs(std::atan2(p[1], p[0])), radsToDegs(std::atan2(p[2], std::hypot(p[0], p[1])))});
  }
  for (int resolution = 0; resolution <= 8; ++resolution) {
    const Cells cells = CellsOf(LineWkb(line), resolution);
    for (const Position& position : line) ASSERT_TRUE(cells.contains(CellAt(position, resolution)));
  }
}

TEST(OddFootprintTest, ACoastOfManyVerticesAndManyCellsTakesNoProductOfBoth) {
  Positions ring;
  Random random(11);
  for (int k = 0; k < 40000; ++k) {
    const double angle = 2 * 3.14159265358979 * k / 40000;
    const double radius = std::uniform_real_distribution<double>(1.9, 2)(random);
    ring.push_back({radius * std::cos(angle), radius * std::sin(angle)});
  }
  ring.push_back(ring.front());
  const Cells cells = CellsOf(PolygonWkb({ring}), 7);
  EXPECT_GT(cells.size(), 20000);
  ExpectCovered(cells, 7, -1.3, -1.3, 1.3, 1.3);
}

// The same footprint split at the antimeridian, running on beyond it, and wrapped.
TEST(OddFootprintTest, TheWayLongitudesAreWrittenDoesNotMatter) {
  Random random(9);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  const auto partitioner = H3(3);
  for (int k = 0; k < 300; ++k) {
    const double west = uniform(165, 179.9), east = uniform(180.1, 200);
    const double south = uniform(-90, 88), north = uniform(south, 90);
    const Cells beyond = Assign(*partitioner, {BoxWkb(west, south, east, north), {}});
    const double wrapped_east = east - 360;
    EXPECT_EQ(Assign(*partitioner, {BoxWkb(west, south, wrapped_east, north), std::pair{west, wrapped_east}}),
              beyond);
    const std::string split =
        CollectionWkb(GeometryType::kMultiPolygon,
                      {BoxWkb(west, south, 180, north), BoxWkb(-180, south, wrapped_east, north)});
    EXPECT_EQ(Assign(*partitioner, {split, std::pair{-180.0, 180.0}}), beyond)
        << west << " " << south << " " << east << " " << north;
  }
}

}  // namespace
}  // namespace earthcatalog::grid
