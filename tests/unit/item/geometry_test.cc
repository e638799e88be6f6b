// Geometries of every kind, and what WKB cannot say.
#include <limits>
#include <random>

#include "earthcatalog/base/wkb.h"
#include "earthcatalog/item/geojson.h"
#include "unit/item/item_testing.h"

namespace earthcatalog::item {
namespace {

using testing::HasSubstr;

std::string ItemWithGeometry(const std::string& geometry) {
  json item = ItemWith({});
  item.erase("geometry");
  std::string text = item.dump();
  return text.insert(text.size() - 1, ",\"geometry\":" + geometry);
}

std::string WkbOf(const arrow::RecordBatch& rows) {
  return std::static_pointer_cast<arrow::BinaryArray>(rows.GetColumnByName("geometry"))->GetString(0);
}

// Whether the overflow has something of the geometry; of the bbox it may.
bool GeometryOverflows(const arrow::RecordBatch& rows) {
  const std::string overflow = Overflow(rows);
  return !overflow.empty() && json::parse(overflow).contains("geometry");
}

// Encodes the geometry; it must come back, be readable WKB, and have overflow only where expected.
std::string RoundTrip(const std::string& geometry, bool expect_overflow) {
  SCOPED_TRACE(geometry);
  const auto rows = Encode({ItemWithGeometry(geometry)},
                           EvolveOrDie(InitialSchema(), Encode({ItemWith({}).dump()}).additions))
                        .rows;
  EXPECT_EQ(Decode(*rows, 0).at("geometry"), json::parse(geometry));
  EXPECT_EQ(GeometryOverflows(*rows), expect_overflow) << Overflow(*rows);
  const auto parsed = ParseWkb(WkbOf(*rows));
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return WkbOf(*rows);
}

Rejection RejectionOf(const std::string& geometry) {
  const auto rejection = MakeEncoder()->Append(ItemWithGeometry(geometry));
  EXPECT_TRUE(rejection.has_value()) << geometry;
  return rejection.value_or(Rejection{});
}

TEST(Geometry, EveryTypeComesBack) {
  for (
      const char* geometry : {
          R"({"type":"Point","coordinates":[-120.5,3]})",
          R"({"type":"Point","coordinates":[]})",
          R"({"type":"LineString","coordinates":[[1,2],[3.25,4]]})",
          R"({"type":"LineString","coordinates":[]})",
          R"({"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,0]],[[1,1],[2,1],[2,2],[1,1]]]})",
          R"({"type":"Polygon","coordinates":[]})",
          R"({"type":"MultiPoint","coordinates":[[1,2],[3,4]]})",
          R"({"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[]]})",
          R"({"type":"MultiPolygon","coordinates":[[[[0,0],[4,0],[4,4],[0,0]]],[[[170,0],[180,0],[180,4],[170,0]]]]})",
          R"({"type":"MultiPolygon","coordinates":[]})",
          R"({"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},
               {"type":"GeometryCollection","geometries":[{"type":"LineString","coordinates":[[1,2],[3,4]]}]}]})",
          R"({"type":"GeometryCollection","geometries":[]})",
      }) {
    RoundTrip(geometry, false);
  }
}

TEST(Geometry, DangerAnEscapedNameIsAnotherName) {
  for (const char* type :
       {"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"}) {
    const std::string geometry = json{{"type", type}, {"coordinates", json::array()}}.dump();
    EXPECT_EQ(RoundTrip(Escaped(geometry), false), RoundTrip(geometry, false));
  }
  const std::string collection =
      R"({"geometries":[{"type":"Point","coordinates":[1,2]}],"type":"GeometryCollection"})";
  EXPECT_EQ(RoundTrip(Escaped(collection), false), RoundTrip(collection, false));
  const Rejection twice = RejectionOf(R"({"type":"Point","\u0074ype":"Point","coordinates":[1,2]})");
  EXPECT_THAT(twice.message, HasSubstr("two types"));
  EXPECT_THAT(RejectionOf(Escaped(R"({"type":"Circle","coordinates":[1,2]})")).message,
              HasSubstr("\"Circle\" is no geometry type"));
}

TEST(Geometry, HeightsAreKeptInTheColumn) {
  const auto wkb = RoundTrip(R"({"type":"Point","coordinates":[1,2,3]})", false);
  EXPECT_TRUE(ParseWkb(wkb)->has_z);
  EXPECT_EQ(wkb.size(), 1 + 4 + 3 * 8u);
  RoundTrip(R"({"type":"MultiPolygon","coordinates":[[[[0,0,1],[4,0,1],[4,4,1],[0,0,1]]]]})", false);
  RoundTrip(
      R"({"type":"GeometryCollection","geometries":[{"type":"MultiPoint","coordinates":[[1,2,3],[3,4,5]]}]})",
      false);
}

TEST(Geometry, WhatWkbCannotSayIsKeptInOverflow) {
  RoundTrip(R"({"type":"LineString","coordinates":[[1,2,3],[3,4]]})", true);
  RoundTrip(R"({"type":"LineString","coordinates":[[1,2],[3,4,5]]})", true);
  RoundTrip(R"({"type":"LineString","coordinates":[[1,2,3,4],[3,4,5,6]]})", true);
  RoundTrip(R"({"type":"Point","coordinates":[1,2],"crs":{"type":"name"}})", true);
  RoundTrip(
      R"({"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2],"bbox":[1,2,1,2]}]})",
      true);
  RoundTrip(R"({"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},
                {"type":"Point","coordinates":[1,2,3]}]})",
            true);
}

TEST(Geometry, IntegersThatNoDoubleHoldsAreKeptInOverflow) {
  RoundTrip(R"({"type":"Point","coordinates":[2,9007199254740992]})", false);
  RoundTrip(R"({"type":"Point","coordinates":[2,9007199254740993]})", true);
  RoundTrip(R"({"type":"LineString","coordinates":[[2,0,9223372036854775807],[1,1,1]]})", true);
}

TEST(Geometry, RingsThatAreNotClosedAreClosedInTheColumn) {
  const auto wkb = RoundTrip(R"({"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4]]]})", true);
  const Geometry geometry = *ParseWkb(wkb);
  ASSERT_EQ(geometry.parts.size(), 1u);
  ASSERT_EQ(geometry.parts[0].positions.size(), 4u);
  EXPECT_EQ(geometry.parts[0].positions[3].lon, 0);
  RoundTrip(
      R"({"type":"MultiPolygon","coordinates":[[[[0,0,9],[4,0,9],[4,4,9],[0,0,8]]],[[[0,0,9],[4,0,9],[4,4,9]]]]})",
      true);
}

TEST(Geometry, CoordinatesMayComeBeforeTheType) {
  RoundTrip(R"({"coordinates":[[[0,0],[4,0],[4,4],[0,0]]],"type":"Polygon"})", false);
  RoundTrip(R"({"geometries":[{"coordinates":[1,2],"type":"Point"}],"type":"GeometryCollection"})", false);
  RoundTrip(R"({"coordinates":[[1,2,3],[3,4]],"type":"LineString"})", true);
}

TEST(Geometry, NullIsANullWithoutOverflow) {
  const auto rows = EncodeEvolved({ItemWithGeometry("null")}).rows;
  EXPECT_TRUE(rows->GetColumnByName("geometry")->IsNull(0));
  EXPECT_FALSE(GeometryOverflows(*rows));
  EXPECT_TRUE(Decode(*rows, 0).at("geometry").is_null());
}

TEST(Geometry, BrokenOnesAreRefusedByPath) {
  const std::vector<std::pair<const char*, const char*>> broken = {
      {R"({"type":"Polygon","coordinates":[[[0,0],[1,"x"]]]})", "$.geometry.coordinates[0][1]: "},
      {R"({"type":"Polygon","coordinates":[[0,0],[1,1]]})",
       "$.geometry.coordinates[0][0]: it is not a position"},
      {R"({"type":"Point","coordinates":[[0,0]]})", "$.geometry.coordinates: a position has something"},
      {R"({"type":"LineString","coordinates":[[0]]})", "$.geometry.coordinates[0]: a position has 1 numbers"},
      {R"({"type":"Point","coordinates":[1e400,0]})", "1e400 is beyond"},
      {R"({"type":"Point"})", "$.geometry: it has no coordinates"},
      {R"({"coordinates":[1,2]})", "$.geometry: it has no type"},
      {R"({"type":"Circle","coordinates":[1,2]})", "\"Circle\" is no geometry type"},
      {R"({"type":"Point","geometries":[]})", "not those of its type"},
      {R"({"type":"GeometryCollection","coordinates":[]})", "not those of its type"},
      {R"({"type":"Point","type":"Point","coordinates":[1,2]})", "two types"},
      {R"({"type":"Point","coordinates":[1,2],"coordinates":[1,2]})", "two lists"},
      {"\"POINT(1 2)\"", "$.geometry: it is not an object"},
      {R"({"type":"LineString","coordinates":[[0,0]]})", "a line has one position"},
      {R"({"type":"Polygon","coordinates":[[[0,0],[1,1]]]})", "[0]: a ring needs four positions"},
      {R"({"type":"Polygon","coordinates":[[],[[0,0],[1,1],[1,0],[0,0]]]})", "an empty polygon has a hole"},
      {R"({"type":"GeometryCollection","geometries":[{"type":"Point"}]})", "$.geometry.geometries[0]: "},
  };
  for (const auto& [geometry, message] : broken) {
    const Rejection rejection = RejectionOf(geometry);
    EXPECT_EQ(rejection.kind, "bad_geometry") << geometry;
    EXPECT_THAT(rejection.message, HasSubstr(message)) << geometry;
  }
}

TEST(Geometry, CollectionsNestedTooDeepForReadersAreRefused) {
  const auto nested = [](int levels) {
    std::string text = R"({"type":"Point","coordinates":[1,2]})";
    for (int i = 0; i < levels; ++i) text = R"({"type":"GeometryCollection","geometries":[)" + text + "]}";
    return text;
  };
  RoundTrip(nested(31), false);
  EXPECT_EQ(RejectionOf(nested(32)).kind, "bad_geometry");
}

// Of other writers' tables; JSON has no word for it.
TEST(Geometry, CoordinatesThatAreNotANumber) {
  const auto wkb_of_line = [](double lon, double lat, double z) {
    std::string wkb;
    WkbWriter writer(&wkb);
    writer.Header(GeometryType::kLineString, /*has_z=*/true);
    writer.SetCount(writer.Count(), 2);
    for (const double number : {1.0, 2.0, 3.0, lon, lat, z}) writer.Double(number);
    return wkb;
  };
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const auto no_height = GeoJsonFromWkb(wkb_of_line(4, 5, kNan));
  ASSERT_TRUE(no_height.ok()) << no_height.status();
  EXPECT_EQ(no_height->list, "[[1,2,3],[4,5]]");
  for (const auto& [lon, lat] : {std::pair(kNan, 5.0), std::pair(4.0, kNan), std::pair(kNan, kNan),
                                 std::pair(4.0, std::numeric_limits<double>::infinity())}) {
    const std::string wkb = wkb_of_line(lon, lat, 6);
    EXPECT_EQ(KindOf(GeoJsonFromWkb(wkb).status()), ErrorKind::kCorrupt) << lon << " " << lat;
    EXPECT_FALSE(ParseWkb(wkb).ok());
  }
}

}  // namespace
}  // namespace earthcatalog::item
