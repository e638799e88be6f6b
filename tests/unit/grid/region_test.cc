// The regions that a footprint touches: against a slow truth of the tests' own, and where others go wrong.
#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "earthcatalog/grid/region_partitioner.h"
#include "unit/grid/shapes.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::grid {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Names = std::set<std::string>;

std::string RingJson(const Positions& ring) {
  std::string json;
  for (const Position& position : ring)
    json += fmt::format("{}[{:.17g},{:.17g}]", json.empty() ? "" : ",", position.lon, position.lat);
  return "[" + json + "]";
}

std::string PolygonJson(const std::vector<Positions>& rings) {
  std::string json;
  for (const Positions& ring : rings) json += (json.empty() ? "" : ",") + RingJson(ring);
  return "[" + json + "]";
}

std::string FeatureJson(const std::string& name, const std::vector<std::vector<Positions>>& polygons) {
  std::string json;
  for (const auto& polygon : polygons) json += (json.empty() ? "" : ",") + PolygonJson(polygon);
  return fmt::format(
      R"({{"type":"Feature","properties":{{"name":"{}"}},"geometry":{{"type":"MultiPolygon","coordinates":[{}]}}}})",
      name, json);
}

std::shared_ptr<const Partitioner> MakeRegions(const std::vector<std::string>& features) {
  std::string json;
  for (const std::string& feature : features) json += (json.empty() ? "" : ",") + feature;
  const test::TempFolder folder;
  const std::string path =
      folder.Write("regions.geojson", R"({"type":"FeatureCollection","features":[)" + json + "]}");
  return MakeRegionPartitioner(path, "name").ValueOrDie();
}

Positions Box(double west, double south, double east, double north) {
  return {{west, south}, {east, south}, {east, north}, {west, north}, {west, south}};
}

std::string BoxFeature(const std::string& name, double west, double south, double east, double north) {
  return FeatureJson(name, {{Box(west, south, east, north)}});
}

Names NamesOf(const Partitioner& partitioner, const std::string& wkb,
              std::optional<std::pair<double, double>> bbox = std::nullopt) {
  Names names;
  for (const CellId cell : Assign(partitioner, {wkb, bbox})) names.insert(partitioner.Name(cell));
  return names;
}

// --- a slow truth

double Turn(Position a, Position b, Position c) {
  const auto wide = [](double x) { return static_cast<long double>(x); };
  return static_cast<double>((wide(b.lon) - wide(a.lon)) * (wide(c.lat) - wide(a.lat)) -
                             (wide(b.lat) - wide(a.lat)) * (wide(c.lon) - wide(a.lon)));
}

bool Meet(Position a, Position b, Position c, Position d) {
  const auto apart = [](double p, double q, double r, double s) {
    return std::max(p, q) < std::min(r, s) || std::max(r, s) < std::min(p, q);
  };
  if (apart(a.lon, b.lon, c.lon, d.lon) || apart(a.lat, b.lat, c.lat, d.lat)) return false;
  const auto beside = [](double p, double q) { return (p > 0 && q > 0) || (p < 0 && q < 0); };
  return !beside(Turn(a, b, c), Turn(a, b, d)) && !beside(Turn(c, d, a), Turn(c, d, b));
}

std::vector<Positions> RingsOf(const Shape& shape) {
  std::vector<Positions> rings;
  for (const Shape::Polygon& polygon : shape.polygons) {
    rings.push_back(polygon.shell);
    rings.insert(rings.end(), polygon.holes.begin(), polygon.holes.end());
  }
  return rings;
}

bool EdgesMeet(const Positions& one, const Positions& other) {
  for (int turn = -3; turn <= 3; ++turn) {
    for (size_t i = 1; i < one.size(); ++i) {
      const Position a = {one[i - 1].lon + 360 * turn, one[i - 1].lat};
      const Position b = {one[i].lon + 360 * turn, one[i].lat};
      for (size_t k = 1; k < other.size(); ++k)
        if (Meet(a, b, other[k - 1], other[k])) return true;
    }
  }
  return false;
}

bool Reaches(const Shape& shape, double pole) {
  for (const Positions& ring : RingsOf(shape))
    for (const Position& position : ring)
      if (position.lat == pole) return true;
  return false;
}

bool Touch(const Shape& footprint, const Shape& region) {
  for (const Positions& one : RingsOf(footprint))
    for (const Positions& other : RingsOf(region))
      if (EdgesMeet(one, other)) return true;
  for (const Shape::Polygon& polygon : footprint.polygons)
    if (Inside(region, polygon.shell[0])) return true;
  for (const Shape::Polygon& polygon : region.polygons)
    if (Inside(footprint, polygon.shell[0])) return true;
  return (Reaches(footprint, 90) && Reaches(region, 90)) || (Reaches(footprint, -90) && Reaches(region, -90));
}

// Whether it goes back on itself, as a ring does whose longitudes were cut.
bool HasSpike(Positions ring) {
  const auto are_same = [](Position a, Position b) { return a.lon == b.lon && a.lat == b.lat; };
  ring.erase(std::unique(ring.begin(), ring.end(), are_same), ring.end());
  ring.push_back(ring[1]);  // around its end, too
  for (size_t k = 2; k < ring.size(); ++k) {
    const Position a = ring[k - 2], b = ring[k - 1], c = ring[k];
    const double ahead = (b.lon - a.lon) * (c.lon - b.lon) + (b.lat - a.lat) * (c.lat - b.lat);
    if (Turn(a, b, c) == 0 && ahead < 0) return true;
  }
  return false;
}

// Near the poles a random hole may reach out of its shell, and a shell may have a spike without area, which
// is no part of a region: then the polygon is not what the truth takes it for.
bool IsValidRegion(const Shape::Polygon& polygon) {
  return polygon.pole == 0 && !HasSpike(polygon.shell) &&
         std::ranges::none_of(polygon.holes,
                              [&](const Positions& hole) { return EdgesMeet(hole, polygon.shell); });
}

Shape RandomRegion(Random* random) {
  while (true) {
    Shape shape = RandomShape(60, random);
    if (std::ranges::all_of(shape.polygons, IsValidRegion)) return shape;
  }
}

class RegionTruthTest : public ::testing::TestWithParam<uint64_t> {};

TEST_P(RegionTruthTest, AFootprintIsInExactlyTheRegionsThatItTouches) {
  Random random(GetParam());
  std::vector<Shape> regions;
  std::vector<std::string> features;
  for (int k = 0; k < 60; ++k) {
    regions.push_back(RandomRegion(&random));
    std::vector<std::vector<Positions>> polygons;
    for (const Shape::Polygon& polygon : regions.back().polygons) {
      polygons.push_back({polygon.shell});
      polygons.back().insert(polygons.back().end(), polygon.holes.begin(), polygon.holes.end());
    }
    features.push_back(FeatureJson(fmt::format("r{}", k), polygons));
  }
  const auto partitioner = MakeRegions(features);
  size_t touching = 0, none = 0;
  for (int k = 0; k < 500; ++k) {
    const Shape footprint = RandomShape(60, &random);
    Names expected;
    for (size_t r = 0; r < regions.size(); ++r)
      if (Touch(footprint, regions[r])) expected.insert(fmt::format("r{}", r));
    touching += expected.size();
    none += expected.empty() ? 1 : 0;
    if (expected.empty()) expected.insert(kNoCellName);
    const Written written = Write(footprint, k % 2 == 0 ? Writing::kBeyond180 : Writing::kWrapped);
    ASSERT_EQ(NamesOf(*partitioner, written.wkb, written.bbox), expected) << Describe(footprint);
  }
  EXPECT_GT(touching, 500);
  EXPECT_GT(none, 20);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RegionTruthTest, ::testing::Range(uint64_t{1}, uint64_t{25}));

// --- what touches

TEST(RegionTest, BoundariesBelongToTheirRegions) {
  const auto regions = MakeRegions({BoxFeature("west", 0.1, 0, 0.3, 1), BoxFeature("east", 0.3, 0, 0.7, 1)});
  EXPECT_THAT(NamesOf(*regions, PointWkb({0.3, 0.5})), ElementsAre("east", "west"));
  EXPECT_THAT(NamesOf(*regions, PointWkb({0.7, 1})), ElementsAre("east"));
  EXPECT_THAT(NamesOf(*regions, PolygonWkb({Box(-1, 1, 0.1, 2)})), ElementsAre("west"));
  EXPECT_THAT(NamesOf(*regions, LineWkb({{0.7, -5}, {0.7, 5}})), ElementsAre("east"));
  EXPECT_THAT(NamesOf(*regions, PointWkb({0.70001, 1})), ElementsAre("__none__"));
}

// An item beside all regions is in no cell, and may be in the search's box all the same.
TEST(RegionTest, DangerASearchPartlyOutsideOfTheRegionsMissesItemsThere) {
  const auto regions = MakeRegions({BoxFeature("a", 0, 0, 1, 1), BoxFeature("b", 10, 0, 11, 1)});
  const std::string search = PolygonWkb({Box(0.5, 0.5, 5, 5)}), item = PointWkb({3, 3});
  const auto names = regions->NamesToLookInto(search).ValueOrDie();
  ASSERT_TRUE(names);
  EXPECT_THAT(*names, ElementsAre("__none__", "a"));
  EXPECT_THAT(NamesOf(*regions, item), ::testing::IsSubsetOf(*names));
  EXPECT_THAT(*regions->NamesToLookInto(PolygonWkb({Box(3, 3, 4, 4)})).ValueOrDie(), ElementsAre("__none__"));
}

TEST(RegionTest, OverlappingRegionsAllHaveTheItem) {
  const auto regions =
      MakeRegions({BoxFeature("world", -180, -90, 180, 90), BoxFeature("half", 0, -90, 180, 90),
                   BoxFeature("country", 5, 5, 20, 20)});
  EXPECT_THAT(NamesOf(*regions, PointWkb({10, 10})), ElementsAre("country", "half", "world"));
  EXPECT_THAT(NamesOf(*regions, PointWkb({30, 10})), ElementsAre("half", "world"));
  EXPECT_THAT(NamesOf(*regions, PolygonWkb({Box(-50, -50, 50, 50)})),
              ElementsAre("country", "half", "world"));
}

TEST(RegionTest, HolesOfEitherAreOutside) {
  const auto ring = MakeRegions({FeatureJson("ring", {{Box(0, 0, 10, 10), Box(2, 2, 8, 8)}})});
  EXPECT_THAT(NamesOf(*ring, PolygonWkb({Box(4, 4, 6, 6)})), ElementsAre("__none__"));
  EXPECT_THAT(NamesOf(*ring, PolygonWkb({Box(2, 4, 6, 6)})), ElementsAre("ring"));
  const auto dot = MakeRegions({BoxFeature("dot", 4, 4, 6, 6)});
  EXPECT_THAT(NamesOf(*dot, PolygonWkb({Box(0, 0, 10, 10), Box(2, 2, 8, 8)})), ElementsAre("__none__"));
  EXPECT_THAT(NamesOf(*dot, PolygonWkb({Box(0, 0, 10, 10), Box(4.5, 4.5, 5, 5)})), ElementsAre("dot"));
}

TEST(RegionTest, EveryGeometryTypeIsAssigned) {
  const auto regions = MakeRegions({BoxFeature("a", 0, 0, 1, 1), BoxFeature("b", 10, 0, 11, 1)});
  const std::string through = LineWkb({{-5, 0.5}, {15, 0.5}});
  EXPECT_THAT(NamesOf(*regions, through), ElementsAre("a", "b"));
  EXPECT_THAT(NamesOf(*regions,
                      CollectionWkb(GeometryType::kMultiPoint, {PointWkb({50, 50}), PointWkb({10.5, 0.5})})),
              ElementsAre("b"));
  EXPECT_THAT(NamesOf(*regions, CollectionWkb(GeometryType::kGeometryCollection,
                                              {PointWkb({0.5, 0.5}), PolygonWkb({Box(9, -1, 12, 2)})})),
              ElementsAre("a", "b"));
  EXPECT_THAT(NamesOf(*regions, CollectionWkb(GeometryType::kGeometryCollection, {})),
              ElementsAre("__none__"));
}

// --- longitudes

TEST(RegionTest, TheAntimeridianIsNoBorder) {
  const auto regions =
      MakeRegions({BoxFeature("east", 170, -10, 180, 10), BoxFeature("west", -180, -10, -170, 10),
                   BoxFeature("greenwich", -5, -10, 5, 10), BoxFeature("beyond", 178, 20, 185, 30)});
  const std::string wrapped = PolygonWkb({{{175, 0}, {-175, 0}, {-175, 5}, {175, 5}, {175, 0}}});
  EXPECT_THAT(NamesOf(*regions, wrapped), ElementsAre("east", "west"));
  EXPECT_THAT(NamesOf(*regions, PolygonWkb({Box(175, 0, 185, 5)})), ElementsAre("east", "west"));
  EXPECT_THAT(NamesOf(*regions, PolygonWkb({Box(-185, 0, -175, 5)})), ElementsAre("east", "west"));
  EXPECT_THAT(NamesOf(*regions, PointWkb({180, 0})), ElementsAre("east", "west"));
  EXPECT_THAT(NamesOf(*regions, PointWkb({-180, 0})), ElementsAre("east", "west"));
  EXPECT_THAT(NamesOf(*regions, PointWkb({-176, 25})), ElementsAre("beyond"));
  EXPECT_THAT(NamesOf(*regions, PointWkb({179, 25})), ElementsAre("beyond"));
  // The bbox says that the long way is meant.
  EXPECT_THAT(NamesOf(*regions, wrapped, std::pair{-175.0, 175.0}), ElementsAre("east", "greenwich", "west"));
}

// What touches exactly does so on the other side of the antimeridian too, whatever the longitudes' last
// digits.
TEST(RegionTest, TurningLongitudesKeepsThemExact) {
  Random random(11);
  std::uniform_real_distribution<double> any(-179.9, 179.9);
  for (int k = 0; k < 200; ++k) {
    const double lon = any(random);
    const auto regions = MakeRegions({BoxFeature("to the east", lon, -10, 180, 10)});
    ASSERT_THAT(NamesOf(*regions, LineWkb({{lon, 5}, {lon - 50 < -180 ? lon + 310 : lon - 50, 5}})),
                ElementsAre("to the east"))
        << lon;
    // Around the pole, edges on both sides of the antimeridian.
    const auto wrapped = [](double x) { return x > 180 ? x - 360 : x; };
    const auto cap =
        MakeRegions({FeatureJson("cap", {{{{lon, 60}, {lon + 0.1, 50}, {lon - 0.1, 50}, {lon, 60}}}})});
    const Positions ring = {
        {lon, 60}, {wrapped(lon + 120), 70}, {wrapped(wrapped(lon + 120) + 120), 70}, {lon, 60}};
    ASSERT_THAT(NamesOf(*cap, PolygonWkb({ring})), ElementsAre("cap")) << lon;
  }
}

TEST(RegionTest, APolarRingReachesThePole) {
  const auto regions =
      MakeRegions({BoxFeature("sector", 30, 85, 60, 90), BoxFeature("collar", -180, 40, 180, 60),
                   BoxFeature("south", -180, -90, 180, -60), BoxFeature("small", 100, 88, 101, 89)});
  const std::string ring = PolygonWkb({{{0, 80}, {90, 80}, {180, 80}, {-90, 80}, {0, 80}}});
  EXPECT_THAT(NamesOf(*regions, ring), ElementsAre("sector", "small"));
  // The same as a box along the antimeridian.
  EXPECT_THAT(NamesOf(*regions, PolygonWkb({Box(-180, 80, 180, 90)})), ElementsAre("sector", "small"));
  const std::string south = PolygonWkb({{{0, -88}, {-90, -88}, {180, -88}, {90, -88}, {0, -88}}});
  EXPECT_THAT(NamesOf(*regions, south), ElementsAre("south"));
}

TEST(RegionTest, AllLongitudesMeetAtThePoles) {
  const auto regions =
      MakeRegions({BoxFeature("sector", 30, 85, 60, 90), BoxFeature("below", -60, 80, -30, 89)});
  EXPECT_THAT(NamesOf(*regions, PointWkb({-120, 90})), ElementsAre("sector"));
  EXPECT_THAT(NamesOf(*regions, PolygonWkb({Box(-100, 89.5, -90, 90)})), ElementsAre("sector"));
  EXPECT_THAT(NamesOf(*regions, PointWkb({45, -90})), ElementsAre("__none__"));
}

// --- what is broken

TEST(RegionTest, SelfIntersectingFootprintsLoseNothing) {
  const auto regions = MakeRegions({BoxFeature("left", 0.2, 4.5, 0.7, 5.5), BoxFeature("right", 9, 4, 9.5, 6),
                                    BoxFeature("between", 4, 0.5, 6, 1), BoxFeature("middle", 4, 4, 6, 6)});
  const std::string bow_tie = PolygonWkb({{{0, 0}, {10, 10}, {10, 0}, {0, 10}, {0, 0}}});
  EXPECT_THAT(NamesOf(*regions, bow_tie), ElementsAre("left", "middle", "right"));
  // Twice around: the area enclosed twice is inside.
  Positions twice = Box(-1, -1, 11, 11);
  for (const Position& position : Box(0, 0, 10, 10)) twice.push_back(position);
  twice.push_back(twice.front());
  EXPECT_THAT(NamesOf(*regions, PolygonWkb({twice})), ElementsAre("between", "left", "middle", "right"));
  const std::string spike = PolygonWkb({{{20, 0}, {21, 0}, {21, 1}, {5, 5}, {21, 1}, {20, 1}, {20, 0}}});
  EXPECT_THAT(NamesOf(*regions, spike), ElementsAre("middle", "right"));
}

TEST(RegionTest, DegenerateFootprintsAreLinesAndPoints) {
  const auto regions = MakeRegions({BoxFeature("a", 0, 0, 1, 1)});
  for (const std::string& wkb : {PolygonWkb({{{-1, 0.5}, {2, 0.5}, {-1, 0.5}}}), PolygonWkb({{{0.5, 0.5}}}),
                                 LineWkb({{0.5, 0.5}}), PolygonWkb({{{1, 1}, {1, 1}, {1, 1}, {1, 1}}}),
                                 LineWkb({{1, 1}, {1, 1}}), PolygonWkb({{{-1, 0.5}, {2, 0.5}, {2, 0.6}}})})
    EXPECT_THAT(NamesOf(*regions, wkb), ElementsAre("a"));
}

TEST(RegionTest, InvalidRegionsLoseNothing) {
  Positions twice = Box(20, 0, 30, 10);
  for (const Position& position : Box(22, 2, 28, 8)) twice.push_back(position);
  twice.push_back(twice.front());
  const auto regions = MakeRegions({FeatureJson("bow tie", {{{{0, 0}, {10, 10}, {10, 0}, {0, 10}, {0, 0}}}}),
                                    FeatureJson("twice", {{twice}}),
                                    FeatureJson("overlap", {{Box(40, 0, 46, 10)}, {Box(44, 0, 50, 10)}}),
                                    FeatureJson("open", {{{{60, 0}, {70, 0}, {70, 10}, {60, 10}}}}),
                                    FeatureJson("flat", {{{{80, 0}, {90, 0}, {85, 0}, {80, 0}}}})});
  const auto at = [&](double lon, double lat) { return NamesOf(*regions, PointWkb({lon, lat})); };
  EXPECT_THAT(at(1, 5), ElementsAre("bow tie"));
  EXPECT_THAT(at(9, 5), ElementsAre("bow tie"));
  EXPECT_THAT(at(5, 1), ElementsAre("__none__"));
  EXPECT_THAT(at(25, 5), ElementsAre("twice"));
  EXPECT_THAT(at(21, 1), ElementsAre("twice"));
  for (const double lon : {41, 45, 49}) EXPECT_THAT(at(lon, 5), ElementsAre("overlap"));
  EXPECT_THAT(at(61, 9), ElementsAre("open"));
  EXPECT_THAT(at(85, 0), ElementsAre("flat"));
}

// --- the contract of partitioners

std::shared_ptr<arrow::Array> ArrayOf(const std::vector<std::optional<std::string>>& wkbs) {
  arrow::BinaryBuilder builder;
  for (const auto& wkb : wkbs) EXPECT_TRUE((wkb ? builder.Append(*wkb) : builder.AppendNull()).ok());
  return builder.Finish().ValueOrDie();
}

TEST(RegionTest, ABatchHasItsRejectionsAndItsNothings) {
  const auto regions = MakeRegions({BoxFeature("b", 0, 0, 1, 1), BoxFeature("a", 0, 0, 1, 1)});
  const auto array = ArrayOf({PointWkb({0, 0}), std::nullopt, PointWkb({0, 91}), PointWkb({9, 9}), "no WKB"});
  const CellAssignments assignments =
      regions->Assign(static_cast<const arrow::BinaryArray&>(*array), nullptr).ValueOrDie();
  EXPECT_THAT(assignments.offsets, ElementsAre(0, 2, 3, 4, 5, 6));
  EXPECT_THAT(assignments.cells, ElementsAre(1, 2, kNoCell, kNoCell, kNoCell, kNoCell));
  EXPECT_EQ(regions->Name(1), "b");
  EXPECT_EQ(regions->Name(2), "a");
  EXPECT_EQ(regions->Name(kNoCell), "__none__");
  EXPECT_EQ(regions->type(), "geojson");
  EXPECT_EQ(regions->resolution(), std::nullopt);
  ASSERT_THAT(assignments.rejected, SizeIs(2));
  EXPECT_EQ(assignments.rejected[0].item, 2);
  EXPECT_EQ(assignments.rejected[0].kind, "bad_geometry");
  EXPECT_EQ(assignments.rejected[1].item, 4);
}

TEST(RegionTest, ThreadsShareIt) {
  Random random(5);
  std::vector<std::string> features;
  for (int k = 0; k < 200; ++k) {
    const Shape shape = RandomRegion(&random);
    features.push_back(FeatureJson(fmt::format("r{}", k), {{shape.polygons[0].shell}}));
  }
  const auto regions = MakeRegions(features);
  const auto alone = MakeRegions(features);
  std::vector<std::optional<std::string>> wkbs;
  for (int k = 0; k < 500; ++k) wkbs.push_back(Write(RandomShape(30, &random), Writing::kWrapped).wkb);
  const std::shared_ptr<arrow::Array> array = ArrayOf(wkbs);
  const auto& geometry = static_cast<const arrow::BinaryArray&>(*array);
  const CellAssignments expected = alone->Assign(geometry, nullptr).ValueOrDie();
  std::vector<CellAssignments> results(4);
  {
    std::vector<std::jthread> threads;
    for (CellAssignments& result : results)
      threads.emplace_back([&] { result = regions->Assign(geometry, nullptr).ValueOrDie(); });
  }
  for (const CellAssignments& result : results) {
    EXPECT_EQ(result.cells, expected.cells);
    EXPECT_EQ(result.offsets, expected.offsets);
  }
}

}  // namespace
}  // namespace earthcatalog::grid
