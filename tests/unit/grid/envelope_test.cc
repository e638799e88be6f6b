// The box around a footprint holds all of it, for readers that compare numbers.
#include "earthcatalog/base/envelope.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "unit/grid/shapes.h"
#include "unit/grid/slow_footprint.h"

namespace earthcatalog {

bool operator==(const Envelope& a, const Envelope& b) {
  return a.xmin == b.xmin && a.ymin == b.ymin && a.xmax == b.xmax && a.ymax == b.ymax;
}
void PrintTo(const Envelope& box, std::ostream* out) {
  *out << fmt::format("[{}, {}, {}, {}]", box.xmin, box.ymin, box.xmax, box.ymax);
}

namespace grid::testing {
namespace {

using Bounds = std::optional<std::pair<double, double>>;

Envelope BoxOf(const std::string& wkb, Bounds stated = {}) {
  const auto bounds = BoundsOfWkb(wkb).ValueOrDie();
  const auto longitudes =
      stated ? std::optional(LongitudeBounds{stated->first, stated->second}) : std::nullopt;
  return EnvelopeOf(wkb, bounds, longitudes);
}

std::string BoxWkb(double west, double south, double east, double north) {
  return PolygonWkb({{{west, south}, {east, south}, {east, north}, {west, north}, {west, south}}});
}

TEST(EnvelopeTest, IsThatOfTheCoordinatesToTheBit) {
  EXPECT_EQ(BoxOf(PointWkb({0.1, 0.2})), (Envelope{0.1, 0.2, 0.1, 0.2}));
  EXPECT_EQ(BoxOf(LineWkb({{7.3, 46.1}, {-8.7, 45.9}})), (Envelope{-8.7, 45.9, 7.3, 46.1}));
  EXPECT_EQ(BoxOf(BoxWkb(-180, -90, 180, 90)), (Envelope{-180, -90, 180, 90}));
  EXPECT_EQ(BoxOf(BoxWkb(-90, 0, 90, 10)), (Envelope{-90, 0, 90, 10})) << "half a turn never crosses";
  EXPECT_EQ(BoxOf(BoxWkb(170, 0, 180, 10)), (Envelope{170, 0, 180, 10})) << "only up to the antimeridian";
}

TEST(EnvelopeTest, DangerAFootprintAcrossTheAntimeridianHasABoxAroundTheRestOfTheEarth) {
  EXPECT_EQ(BoxOf(BoxWkb(176, -20, -174, -12)), (Envelope{-180, -20, 180, -12}));
  EXPECT_EQ(BoxOf(BoxWkb(176, -20, -174, -12), {{176, -174}}), (Envelope{-180, -20, 180, -12}));
  EXPECT_EQ(BoxOf(LineWkb({{170, 1}, {-170, 2}})), (Envelope{-180, 1, 180, 2}));
}

TEST(EnvelopeTest, ALongEdgeIsAsTheStatedBboxSays) {
  EXPECT_EQ(BoxOf(BoxWkb(-174, -20, 176, -12), {{-174, 176}}), (Envelope{-174, -20, 176, -12}));
  EXPECT_EQ(BoxOf(BoxWkb(-174, -20, 176, -12)), (Envelope{-180, -20, 180, -12}));
}

TEST(EnvelopeTest, PointsCrossNothing) {
  const std::string points =
      CollectionWkb(GeometryType::kMultiPoint, {PointWkb({170, 1}), PointWkb({-170, 2})});
  EXPECT_EQ(BoxOf(points), (Envelope{-170, 1, 170, 2}));
}

TEST(EnvelopeTest, BeyondTheAntimeridianItHoldsBothWaysToWriteALongitude) {
  EXPECT_EQ(BoxOf(BoxWkb(176, -20, 186, -12)), (Envelope{-180, -20, 186, -12}));
  EXPECT_EQ(BoxOf(BoxWkb(-190, 1, -185, 2)), (Envelope{-190, 1, 180, 2}));
  EXPECT_EQ(BoxOf(PointWkb({190, 1})), (Envelope{-180, 1, 190, 1}));
}

TEST(EnvelopeTest, ARingAroundThePoleReachesIt) {
  const std::string north = PolygonWkb({{{-135, 82}, {-45, 83}, {45, 82}, {135, 82}, {-135, 82}}});
  EXPECT_EQ(BoxOf(north), (Envelope{-180, 82, 180, 90}));
  const std::string south = PolygonWkb({{{-135, -82}, {-45, -83}, {45, -82}, {135, -82}, {-135, -82}}});
  EXPECT_EQ(BoxOf(south), (Envelope{-180, -90, 180, -82}));
}

TEST(EnvelopeTest, WhatIsNotOnEarthHasTheBoundsOfItsCoordinates) {
  EXPECT_EQ(BoxOf(BoxWkb(400000, 5e6, 500000, 6e6)), (Envelope{400000, 5e6, 500000, 6e6}));
}

// Whether a reader finds a point by its numbers, normalised or, since ±180 are one, as they are.
::testing::AssertionResult Holds(const Envelope& box, Position point) {
  const double normal = point.lon - 360 * std::floor((point.lon + 180) / 360);
  const bool lat = box.ymin <= point.lat && point.lat <= box.ymax;
  // What floating point makes of the sums is no part of the footprint.
  const auto between = [&box](double lon) { return box.xmin <= lon + 1e-9 && lon - 1e-9 <= box.xmax; };
  if (lat && (between(normal) || between(point.lon))) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << fmt::format("{:.17g} {:.17g} is not in [{}, {}, {}, {}]", point.lon,
                                                      point.lat, box.xmin, box.ymin, box.xmax, box.ymax);
}

// To be on the safe side of sampled points that rounding has put beside the shape.
Envelope Widened(Envelope box) { return {box.xmin, box.ymin - 1e-9, box.xmax, box.ymax + 1e-9}; }

TEST(EnvelopeTest, HoldsShapesOfAllKinds) {
  Random random(7);
  int across = 0, polar = 0, plain = 0;
  for (int i = 0; i < 6000; ++i) {
    const Shape shape = RandomShape(40, &random);
    const Writing writing = i % 2 == 0 ? Writing::kWrapped : Writing::kBeyond180;
    const Written written = Write(shape, writing);
    const Envelope box = BoxOf(written.wkb, written.bbox);
    SCOPED_TRACE(Describe(shape));
    EXPECT_LE(box.xmin, box.xmax);
    EXPECT_LE(box.ymin, box.ymax);
    const GeometryBounds own = BoundsOfWkb(written.wkb).ValueOrDie();
    EXPECT_TRUE(box.xmin <= own.xmin && box.xmax >= own.xmax && box.ymin <= own.ymin && box.ymax >= own.ymax);
    for (int k = 0; k < 20; ++k) {
      EXPECT_TRUE(Holds(Widened(box), PointOnEdge(shape, &random)));
      const auto point = PointInside(shape, &random);
      EXPECT_TRUE(!point || Holds(Widened(box), *point));
    }
    bool runs_over = false, has_pole = false;
    for (const Shape::Polygon& polygon : shape.polygons) {
      has_pole = has_pole || polygon.pole != 0;
      EXPECT_TRUE(polygon.pole <= 0 || box.ymax == 90);
      EXPECT_TRUE(polygon.pole >= 0 || box.ymin == -90);
      bool within = writing == Writing::kBeyond180, beyond = false;
      for (const Position& position : polygon.shell) {
        (std::abs(position.lon) > 180 ? beyond : within) = true;
      }
      runs_over = runs_over || (within && beyond);
    }
    if (runs_over || has_pole) {
      EXPECT_TRUE(box.xmin <= -180 && box.xmax >= 180);
    } else {
      EXPECT_EQ(box, (Envelope{own.xmin, own.ymin, own.xmax, own.ymax})) << "no larger than need be";
    }
    ++(has_pole ? polar : runs_over ? across : plain);
  }
  EXPECT_GT(across, 500);
  EXPECT_GT(polar, 50);
  EXPECT_GT(plain, 2000);
}

std::string RandomWkb(Random* random) {
  const auto uniform = [random](double low, double high) {
    return std::uniform_real_distribution(low, high)(*random);
  };
  const double reach = (*random)() % 3 == 0 ? 540 : 180;
  Positions positions;
  for (size_t k = 0, count = 2 + (*random)() % 6; k < count; ++k) {
    const double lon = uniform(-reach, reach);
    positions.push_back({(*random)() % 3 == 0 ? std::round(lon / 90) * 90 : lon, uniform(-90, 90)});
  }
  switch ((*random)() % 4) {
    case 0:
      return LineWkb(positions);
    case 1:  // not closed
      return PolygonWkb({positions});
    case 2:
      positions.push_back(positions.front());
      return PolygonWkb({positions});
    default:
      return CollectionWkb(GeometryType::kGeometryCollection, {PointWkb(positions[0]), LineWkb(positions)});
  }
}

// Against the slow reference of the grid: whatever it takes the coordinates for.
TEST(EnvelopeTest, HoldsWhatTheGridTakesAnyCoordinatesFor) {
  Random random(3);
  int inside = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string wkb = RandomWkb(&random);
    Bounds stated;
    if (i % 3 == 1) stated = {-180, 180};
    if (i % 3 == 2) stated = {170, -170};
    const Envelope box = Widened(BoxOf(wkb, stated));
    const SlowFootprint footprint(ParseWkb(wkb).ValueOrDie(), stated);
    SCOPED_TRACE(fmt::format("geometry {}", i));
    bool beyond = false;
    for (const SlowEdge& edge : footprint.edges()) {
      for (int k = 0; k <= 8; ++k) EXPECT_TRUE(Holds(box, edge.At(k / 8.0)));
      beyond = beyond || std::abs(edge.from.lon) > 180 || std::abs(edge.to.lon) > 180;
    }
    EXPECT_TRUE(!beyond || (box.xmin <= -180 && box.xmax >= 180));
    for (int k = 0; k < 10; ++k) {
      const Position point = {std::uniform_real_distribution(-180.0, 180.0)(random),
                              std::uniform_real_distribution(-90.0, 90.0)(random)};
      if (footprint.Inside(point) != true) continue;
      ++inside;
      EXPECT_TRUE(Holds(box, point));
    }
  }
  EXPECT_GT(inside, 10000);
}

}  // namespace
}  // namespace grid::testing
}  // namespace earthcatalog
