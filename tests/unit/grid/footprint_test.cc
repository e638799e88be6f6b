// How longitudes are meant, and what is inside a ring.
#include "earthcatalog/grid/footprint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numbers>

namespace earthcatalog::grid {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = GeometryPart::Kind;

constexpr double kDegrees = 180 / std::numbers::pi;

Geometry Polygon(std::vector<std::vector<Position>> rings) {
  Geometry geometry = {GeometryType::kPolygon, false, {}};
  for (auto& ring : rings)
    geometry.parts.push_back({geometry.parts.empty() ? Kind::kShell : Kind::kHole, std::move(ring)});
  return geometry;
}

std::vector<double> Longitudes(std::vector<Position> line, std::optional<LongitudeBounds> bbox) {
  Footprint footprint;
  EXPECT_TRUE(footprint.Set({GeometryType::kLineString, false, {{Kind::kLine, std::move(line)}}}, bbox).ok());
  std::vector<double> longitudes;
  for (const Vertex& vertex : footprint.vertices(footprint.parts()[0]))
    longitudes.push_back(vertex.lon * kDegrees);
  return longitudes;
}

auto Near(double value) { return DoubleNear(value, 1e-12); }

TEST(FootprintTest, ALongEdgeCrossesTheAntimeridian) {
  EXPECT_THAT(Longitudes({{170, 0}, {-170, 1}, {160, 2}}, std::nullopt),
              ElementsAre(Near(170), Near(190), Near(160)));
  EXPECT_THAT(Longitudes({{-100, 0}, {100, 1}}, std::nullopt), ElementsAre(Near(-100), Near(-260)));
}

TEST(FootprintTest, ALongEdgeIsLongWhenTheBboxSpansIt) {
  EXPECT_THAT(Longitudes({{170, 0}, {-170, 1}}, LongitudeBounds{-170, 170}),
              ElementsAre(Near(170), Near(-170)));
  EXPECT_THAT(Longitudes({{170, 0}, {-170, 1}}, LongitudeBounds{-180, 180}),
              ElementsAre(Near(170), Near(-170)));
}

TEST(FootprintTest, ALongEdgeCrossesWhenTheBboxDoesToo) {
  EXPECT_THAT(Longitudes({{170, 0}, {-170, 1}}, LongitudeBounds{170, -170}),
              ElementsAre(Near(170), Near(190)));
}

TEST(FootprintTest, ALongEdgeCrossesWhenTheBboxDoesNotSpanIt) {
  EXPECT_THAT(Longitudes({{170, 0}, {-170, 1}}, LongitudeBounds{165, 170}),
              ElementsAre(Near(170), Near(190)));
}

TEST(FootprintTest, HalfAndFullTurnsNeverCross) {
  EXPECT_THAT(Longitudes({{-90, 0}, {90, 0}}, std::nullopt), ElementsAre(Near(-90), Near(90)));
  EXPECT_THAT(Longitudes({{-180, 0}, {180, 0}}, std::nullopt), ElementsAre(Near(-180), Near(180)));
}

TEST(FootprintTest, LongitudesBeyond180GoOn) {
  EXPECT_THAT(Longitudes({{170, 0}, {190, 1}, {200, 2}}, std::nullopt),
              ElementsAre(Near(170), Near(190), Near(200)));
}

TEST(FootprintTest, WhatIsNotOnEarthIsAnErrorThatSaysWhat) {
  Footprint footprint;
  const auto error = [&](Position position) {
    return footprint.Set({GeometryType::kPoint, false, {{Kind::kPoints, {position}}}}, std::nullopt)
        .message();
  };
  EXPECT_THAT(error({0, 90.5}), HasSubstr("latitude 90.5"));
  EXPECT_THAT(error({0, -4000000}), HasSubstr("latitude -4000000"));
  EXPECT_THAT(error({0, std::nan("")}), HasSubstr("latitude nan"));
  EXPECT_THAT(error({HUGE_VAL, 0}), HasSubstr("longitude inf"));
  EXPECT_THAT(error({541, 0}), HasSubstr("longitude 541"));
  EXPECT_EQ(error({540, 90 + 1e-12}), "");
}

bool Contains(const Geometry& geometry, double lon, double lat) {
  Footprint footprint;
  EXPECT_TRUE(footprint.Set(geometry, std::nullopt).ok());
  return footprint.Contains(0, lon / kDegrees, lat / kDegrees);
}

TEST(FootprintTest, HolesAreOutside) {
  const Geometry ring =
      Polygon({{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}, {{4, 4}, {4, 6}, {6, 6}, {4, 4}}});
  EXPECT_TRUE(Contains(ring, 1, 1));
  EXPECT_FALSE(Contains(ring, 4.5, 5.5));
  EXPECT_TRUE(Contains(ring, 5.5, 4.5));
  EXPECT_FALSE(Contains(ring, 11, 5));
}

TEST(FootprintTest, APointIsInsideHoweverItsLongitudeIsWritten) {
  const Geometry box = Polygon({{{170, 0}, {-170, 0}, {-170, 10}, {170, 10}, {170, 0}}});
  for (const double lon : {-185.0, 175.0, 535.0, -175.0, 185.0}) EXPECT_TRUE(Contains(box, lon, 5)) << lon;
  for (const double lon : {0.0, 165.0, -165.0, 195.0}) EXPECT_FALSE(Contains(box, lon, 5)) << lon;
}

TEST(FootprintTest, AHoleMayBeWrittenATurnAway) {
  const Geometry box = Polygon({{{170, 0}, {190, 0}, {190, 10}, {170, 10}, {170, 0}},
                                {{-176, 4}, {-174, 4}, {-174, 6}, {-176, 6}, {-176, 4}}});
  EXPECT_FALSE(Contains(box, -175, 5));
  EXPECT_TRUE(Contains(box, -179, 5));
}

TEST(FootprintTest, ARingAroundTheEarthEnclosesTheNearerPole) {
  const Geometry south = Polygon({{{0, -70}, {120, -60}, {-120, -70}, {0, -70}}});
  const Geometry north = Polygon({{{0, 70}, {-120, 60}, {120, 70}, {0, 70}}});
  for (const double lon : {-179.0, -60.0, 0.0, 60.0, 180.0}) {
    EXPECT_TRUE(Contains(south, lon, -89)) << lon;
    EXPECT_FALSE(Contains(south, lon, -50)) << lon;
    EXPECT_TRUE(Contains(north, lon, 89)) << lon;
    EXPECT_FALSE(Contains(north, lon, 50)) << lon;
    EXPECT_FALSE(Contains(north, lon, -89)) << lon;
  }
}

TEST(FootprintTest, TheMeanLatitudeCountsEachVertexOnce) {
  // Mean -0.7; with the first vertex twice it would be north of the equator.
  const Geometry ring = Polygon({{{0, 8}, {120, -5}, {-120, -5}, {0, 8}}});
  EXPECT_TRUE(Contains(ring, 50, -80));
  EXPECT_FALSE(Contains(ring, 50, 80));
}

TEST(FootprintTest, APolarRingMayFoldBack) {
  // From 40 degrees back to 20 and on: a spit of the inside between the two.
  const Geometry ring =
      Polygon({{{0, -60}, {40, -60}, {20, -65}, {40, -70}, {180, -70}, {-60, -70}, {0, -60}}});
  EXPECT_TRUE(Contains(ring, 25, -62));
  EXPECT_FALSE(Contains(ring, 35, -65));
  EXPECT_TRUE(Contains(ring, 35, -75));
}

TEST(FootprintTest, APolarHoleLeavesARingOfLand) {
  const Geometry annulus = Polygon({{{0, -60}, {90, -60}, {180, -60}, {-90, -60}, {0, -60}},
                                    {{0, -80}, {-90, -80}, {180, -80}, {90, -80}, {0, -80}}});
  EXPECT_TRUE(Contains(annulus, 33, -70));
  EXPECT_FALSE(Contains(annulus, 33, -85));
}

TEST(FootprintTest, AreasThatAShellEnclosesTwiceAreInside) {
  const Geometry spiral =
      Polygon({{{0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}, {10, 0}, {10, 10}, {0, 10}, {0, 0}}});
  EXPECT_TRUE(Contains(spiral, 5, 5));
}

}  // namespace
}  // namespace earthcatalog::grid
