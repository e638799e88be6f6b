// Files of regions, good and bad.
#include "earthcatalog/grid/boundaries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "earthcatalog/grid/partitioner.h"
#include "unit/support/temp_folder.h"
#include "unit/support/web_server.h"

namespace earthcatalog::grid {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kSquare[] = R"({"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]})";

std::string Feature(const std::string& name_json, const std::string& geometry = kSquare) {
  return fmt::format(R"({{"type":"Feature","properties":{{"name":{}}},"geometry":{}}})", name_json, geometry);
}

std::string Collection(const std::string& features) {
  return fmt::format(R"({{"type":"FeatureCollection","features":[{}]}})", features);
}

class BoundariesTest : public ::testing::Test {
 protected:
  Result<std::vector<Region>> Load(const std::string& json) {
    return LoadBoundaries(folder_.Write("regions.geojson", json), "name");
  }
  // The message of what must be a usage error that names the file.
  std::string Refused(const std::string& json) {
    const Status status = Load(json).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kUsage) << status.message();
    EXPECT_THAT(status.message(), HasSubstr(folder_ / "regions.geojson"));
    EXPECT_THAT(status.message(), Not(HasSubstr("\n")));
    return status.message();
  }

  test::TempFolder folder_;
};

TEST_F(BoundariesTest, PolygonsAndMultiPolygonsInTheirOrder) {
  const auto regions = Load(
      Collection(Feature(R"("Île de Ré")") + "," + Feature("-17", R"({"type":"MultiPolygon","coordinates":[
        [[[0,0,9],[5,0,9],[5,5,9]],[[1,1],[2,1],[2,2],[1,1]]],
        [[[190,0],[191,0],[191,1],[190,0]]]]})")));
  ASSERT_TRUE(regions.ok()) << regions.status().message();
  ASSERT_THAT(*regions, SizeIs(2));
  EXPECT_EQ((*regions)[0].name, "Île de Ré");
  ASSERT_THAT((*regions)[0].polygons, SizeIs(1));
  EXPECT_THAT((*regions)[0].polygons[0][0], SizeIs(5));
  EXPECT_EQ((*regions)[1].name, "-17");
  EXPECT_EQ((*regions)[1].feature, 2);
  ASSERT_THAT((*regions)[1].polygons, SizeIs(2));
  EXPECT_THAT((*regions)[1].polygons[0], SizeIs(2));
  EXPECT_THAT((*regions)[1].polygons[0][0], SizeIs(4)) << "an open ring is closed";
  EXPECT_EQ((*regions)[1].polygons[1][0][0].lon, 190);
}

TEST_F(BoundariesTest, NamesMustBeThereAndUsable) {
  const auto second = [&](const std::string& name) {
    const std::string message = Refused(Collection(Feature("\"first\"") + "," + Feature(name)));
    EXPECT_THAT(message, AllOf(HasSubstr("feature 2"), HasSubstr("'name'")));
    return message;
  };
  for (const char* name : {"null", "true", "1.5", "[]", "{}", R"("")", R"("a/b")", R"("a\\b")", R"("..")",
                           R"(".")", R"("a\nb")", R"("\u0000")", R"("\u007f")", R"("__none__")",
                           R"("__global__")", R"("50%")", R"("a?b")", R"("a=b")", R"("a#b")"})
    second(name);
  EXPECT_THAT(second(fmt::format("\"{}\"", std::string(241, 'x'))), HasSubstr("longer than 240 bytes"));
  EXPECT_THAT(second(R"("../../etc")"), HasSubstr("'../../etc'"));
  EXPECT_THAT(Refused(Collection(R"({"type":"Feature","properties":null,"geometry":null})")),
              HasSubstr("has no property 'name'"));
  EXPECT_TRUE(Load(Collection(Feature(R"("a b+d:e&f[g]*.é")"))).ok());
}

TEST_F(BoundariesTest, ANameTwiceNamesBothFeatures) {
  EXPECT_THAT(Refused(Collection(Feature("\"7\"") + "," + Feature("\"8\"") + "," + Feature("7"))),
              AllOf(HasSubstr("feature 3"), HasSubstr("'7'"), HasSubstr("feature 1")));
}

TEST_F(BoundariesTest, GeometriesMustBeAreas) {
  const auto geometry = [&](const std::string& json) {
    const std::string message = Refused(Collection(Feature("\"a\"", json)));
    EXPECT_THAT(message, HasSubstr("feature 1"));
    return message;
  };
  EXPECT_THAT(geometry(R"({"type":"Point","coordinates":[0,0]})"), HasSubstr("not Point"));
  EXPECT_THAT(geometry("null"), HasSubstr("without geometry"));
  EXPECT_THAT(geometry(R"({"type":"Polygon","coordinates":[]})"), HasSubstr("no rings"));
  EXPECT_THAT(geometry(R"({"type":"MultiPolygon","coordinates":[]})"), HasSubstr("no polygons"));
  EXPECT_THAT(geometry(R"({"type":"MultiPolygon","coordinates":[[]]})"), HasSubstr("no rings"));
  EXPECT_THAT(geometry(R"({"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0]]]})"),
              HasSubstr("3 positions"));
  EXPECT_THAT(geometry(R"({"type":"Polygon","coordinates":[[[0,0],[1],[1,1],[0,0]]]})"), HasSubstr("[1]"));
  EXPECT_THAT(geometry(R"({"type":"Polygon","coordinates":[[[0,0],["1",2],[1,1],[0,0]]]})"),
              HasSubstr("position"));
  EXPECT_THAT(geometry(R"({"type":"Polygon","coordinates":[[[500000,4000000],[1,0],[1,1],[0,0]]]})"),
              HasSubstr("latitude 4000000"));
  EXPECT_THAT(geometry(R"({"type":"Polygon"})"), HasSubstr("no rings"));
}

TEST_F(BoundariesTest, WhatIsNoFeatureCollection) {
  for (const char* json : {"[]", "5", "null", "{}", R"({"type":"FeatureCollection"})", kSquare,
                           R"({"type":"FeatureCollection","features":{}})"})
    EXPECT_THAT(Refused(json), HasSubstr("FeatureCollection")) << json;
  EXPECT_THAT(Refused(Collection("")), HasSubstr("no features"));
  EXPECT_THAT(Refused(Collection("5")), HasSubstr("feature 1"));
  EXPECT_THAT(Refused(Collection(kSquare)), HasSubstr("no GeoJSON Feature"));
}

TEST_F(BoundariesTest, WhatIsNoJson) {
  for (const std::string& json :
       {std::string(), std::string("{"), std::string("type: x"), std::string("{}{}"),
        Collection(Feature("\"\xff\"")), std::string(100'000, '['), Collection(Feature("1e999"))})
    EXPECT_THAT(Refused(json), HasSubstr("not valid JSON"));
}

TEST_F(BoundariesTest, AFileThatIsNotThere) {
  const Status status = LoadBoundaries(folder_ / "gone.geojson", "name").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr(folder_ / "gone.geojson"));
}

TEST_F(BoundariesTest, TheyMayLieOnAWebServer) {
  const test::WebServer server(
      {{"/r.geojson", test::WebServer::Answer("200 OK", Collection(Feature("\"a\"")))},
       {"/bad.geojson", test::WebServer::Answer("200 OK", "no JSON")}});
  EXPECT_EQ(LoadBoundaries(server.Url("/r.geojson"), "name").ValueOrDie()[0].name, "a");
  // A query string may hold a key.
  const Status status = LoadBoundaries(server.Url("/bad.geojson?key=hidden"), "name").status();
  EXPECT_THAT(status.message(), AllOf(HasSubstr("/bad.geojson"), Not(HasSubstr("hidden"))));
}

TEST_F(BoundariesTest, AGridNeedsBothOfItsKeys) {
  Config config;
  config.type = "geojson";
  EXPECT_THAT(MakePartitioner(config).status().message(), HasSubstr("boundaries_path"));
  config.boundaries_path = folder_ / "regions.geojson";
  const Status status = MakePartitioner(config).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("id_field"));
}

TEST(SettleTest, EqualGridsCompareEqual) {
  const Config relative = {"geojson", 3, "a/../regions.geojson", "name"};
  const Config absolute = {"geojson", std::nullopt,
                           (std::filesystem::current_path() / "regions.geojson").string(), "name"};
  EXPECT_EQ(Settle(relative).ValueOrDie(), Settle(absolute).ValueOrDie());
  EXPECT_EQ(Settle(relative).ValueOrDie().boundaries_path, absolute.boundaries_path);
  const Config web = {"geojson", std::nullopt, "https://x.org/r.geojson", "name", "", 7};
  EXPECT_EQ(Settle(web).ValueOrDie(), web);
  EXPECT_EQ(Settle(Config{}).ValueOrDie(), (Config{"h3", 1, "", "", "", kDefaultMaxCells}));
  EXPECT_EQ(Settle(Config{"h3", 0, "x", "y", "", 0}).ValueOrDie(), (Config{"h3", 0, "", "", "", 0}));
}

TEST(DescribeTest, SecretsStayOut) {
  EXPECT_EQ(Describe({"h3", 4, "", ""}), "h3 resolution 4");
  EXPECT_EQ(Describe({"geojson", std::nullopt, "https://me:pw@x.org/r.geojson?sig=s", "name"}),
            "the regions of https://x.org/r.geojson by 'name'");
  EXPECT_EQ(Describe({"custom", std::nullopt, "", "", "Hexes"}), "the Python class Hexes");
}

}  // namespace
}  // namespace earthcatalog::grid
