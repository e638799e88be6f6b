#include "earthcatalog/geoparquet/geo_metadata.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "unit/geoparquet/example_rows.h"
#include "unit/geoparquet/read_back.h"

namespace earthcatalog::geoparquet {
namespace {

using nlohmann::json;

json GeoOf(const EncodedFile& file) { return json::parse(MetadataOf(file, "geo")); }

std::shared_ptr<arrow::RecordBatch> RowsWith(const std::vector<std::string>& geometries) {
  const auto rows = ExampleRows(0, static_cast<int>(geometries.size()));
  return rows->SetColumn(5, rows->schema()->field(5), GeometryColumn(geometries)).ValueOrDie();
}

std::string PointWkb(uint32_t code, const std::vector<double>& position) {
  std::string wkb("\x01", 1);
  wkb.append(reinterpret_cast<const char*>(&code), sizeof code);
  for (const double value : position) wkb.append(reinterpret_cast<const char*>(&value), sizeof value);
  return wkb;
}

TEST(GeoMetadata, DescribesTheGeometryColumn) {
  for (const int count : {3, 1500}) {
    const json geo = GeoOf(WriteFile(*ExampleRows(0, count)));
    EXPECT_EQ(geo["version"], "1.1.0");
    EXPECT_EQ(geo["primary_column"], "geometry");
    ASSERT_EQ(geo["columns"].size(), 1U);
    const json& column = geo["columns"]["geometry"];
    EXPECT_EQ(column["encoding"], "WKB");
    EXPECT_EQ(column["geometry_types"], json::array({"Polygon"}));
    EXPECT_EQ(column["covering"]["bbox"], json::parse(R"({"xmin": ["bbox", "xmin"], "ymin": ["bbox", "ymin"],
                                                          "xmax": ["bbox", "xmax"], "ymax": ["bbox", "ymax"]})"));
  }
}

// stac-geoparquet's readers look for this key.
TEST(GeoMetadata, HasTheStacGeoparquetKey) {
  EXPECT_EQ(MetadataOf(WriteFile(*ExampleRows(0, 2)), "stac-geoparquet"), R"({"version": "1.0.0"})");
  EXPECT_EQ(MetadataOf(WriteFile(*ExampleRows(0, 2000)), "stac-geoparquet"), R"({"version": "1.0.0"})");
}

// The danger: a file rewritten or cut out of a batch that keeps the bounds of other rows.
TEST(GeoMetadata, BoundsAreThoseOfTheRowsInTheFile) {
  const auto rows = RowsWith({SquareWkb(100, 10), SquareWkb(-20, 70), SquareWkb(5, -60), SquareWkb(-170, 0)});
  EXPECT_EQ(GeoOf(WriteFile(*rows->Slice(1, 2)))["columns"]["geometry"]["bbox"],
            json::parse("[-21, -61, 6, 71]"));
  EXPECT_EQ(GeoOf(WriteFile(*rows))["columns"]["geometry"]["bbox"], json::parse("[-171, -61, 101, 71]"));
}

TEST(GeoMetadata, NamesTheTypesThatOccurWithAndWithoutZ) {
  const auto rows = RowsWith({PointWkb(1, {1.5, 2}), SquareWkb(0, 0), PointWkb(1001, {-3, 4, 100}),
                              PointWkb(0x80000001, {-3, 4, 100}), SquareWkb(1, 1)});
  const json column = GeoOf(WriteFile(*rows))["columns"]["geometry"];
  EXPECT_EQ(column["geometry_types"], json::array({"Point", "Polygon", "Point Z"}));
  EXPECT_EQ(column["bbox"], json::parse("[-3, -1, 2, 4]"));
}

TEST(GeoMetadata, NullGeometriesGiveNoTypesAndNoBounds) {
  const json column = GeoOf(WriteFile(*RowsWith({"", ""})))["columns"]["geometry"];
  EXPECT_EQ(column["geometry_types"], json::array());
  EXPECT_FALSE(column.contains("bbox"));
}

TEST(GeoMetadata, AnEmptyGeometryHasATypeButNoBounds) {
  const std::string empty_multipolygon("\x01\x06\x00\x00\x00\x00\x00\x00\x00", 9);
  const json column = GeoOf(WriteFile(*RowsWith({empty_multipolygon, ""})))["columns"]["geometry"];
  EXPECT_EQ(column["geometry_types"], json::array({"MultiPolygon"}));
  EXPECT_FALSE(column.contains("bbox"));
}

// JSON has no word for them.
TEST(GeoMetadata, InfiniteCoordinatesGiveNoBounds) {
  const double infinity = std::numeric_limits<double>::infinity();
  const json column =
      GeoOf(WriteFile(*RowsWith({PointWkb(1, {infinity, 2}), SquareWkb(0, 0)})))["columns"]["geometry"];
  EXPECT_FALSE(column.contains("bbox"));
}

// The danger: a covering that names columns which are not there (bbox is text in tables of older versions).
TEST(GeoMetadata, NoCoveringWhereBboxIsText) {
  const auto schema =
      WithIds({arrow::field("geometry", arrow::binary()), arrow::field("bbox", arrow::utf8())});
  const auto rows = arrow::RecordBatch::Make(
      schema, 1, {GeometryColumn({SquareWkb(1, 2)}), FromJson(arrow::utf8(), R"(["[0, 1, 2, 3]"])")});
  const json column = GeoOf(WriteFile(*rows))["columns"]["geometry"];
  EXPECT_FALSE(column.contains("covering"));
  EXPECT_EQ(column["bbox"], json::parse("[0, 1, 2, 3]"));
  EXPECT_FALSE(WriteFile(*rows).metrics.boxes_hold);
}

std::shared_ptr<arrow::RecordBatch> WithBoxes(const std::shared_ptr<arrow::RecordBatch>& rows,
                                              const std::string& boxes, const std::string& overflow = "") {
  const auto with =
      rows->SetColumn(6, rows->schema()->field(6), FromJson(rows->schema()->field(6)->type(), boxes))
          .ValueOrDie();
  const int last = rows->schema()->GetFieldIndex("_overflow");
  return overflow.empty()
             ? with
             : with->SetColumn(last, rows->schema()->field(last), FromJson(arrow::utf8(), overflow))
                   .ValueOrDie();
}

bool BoxesHoldIn(const std::shared_ptr<arrow::RecordBatch>& rows) {
  const EncodedFile file = WriteFile(*rows);
  const bool said = MetadataOf(file, "earthcatalog") == "bbox=envelope";
  EXPECT_EQ(said, file.metrics.boxes_hold);
  return said;
}

// The danger: readers trust the boxes of a file in which one misses its geometry.
TEST(GeoMetadata, SaysThatTheBoxesHoldWhereAllOfThemDo) {
  const auto rows = RowsWith({SquareWkb(100, 10), "", SquareWkb(5, -60)});
  const auto boxes = [](const std::string& last) { return "[[99, 9, 101, 11], null, " + last + "]"; };
  EXPECT_TRUE(BoxesHoldIn(WithBoxes(rows, boxes("[4, -61, 6, -59]"))));
  EXPECT_TRUE(BoxesHoldIn(WithBoxes(rows, boxes("[3, -90, 7, 0]"))));
  EXPECT_TRUE(BoxesHoldIn(ExampleRows(0, 1500)));
  for (const char* wrong :
       {"null", "[4.1, -61, 6, -59]", "[4, -60, 6, -59]", "[4, -61, 5, -59]", "[4, -61, 6, -60]",
        "[6, -61, 4, -59]", "[NaN, -61, 6, -59]", "[4, -61, null, -59]"}) {
    EXPECT_FALSE(BoxesHoldIn(WithBoxes(rows, boxes(wrong)))) << wrong;
  }
}

TEST(GeoMetadata, BoxesAcrossTheAntimeridianHoldWhenTheyGoAroundTheEarth) {
  const auto rows = RowsWith({SquareWkb(179.5, 10)});
  EXPECT_FALSE(BoxesHoldIn(WithBoxes(rows, "[[178.5, 9, 180.5, 11]]")));
  EXPECT_TRUE(BoxesHoldIn(WithBoxes(rows, "[[-180, 9, 180.5, 11]]")));
  EXPECT_EQ(GeoOf(WriteFile(*WithBoxes(rows, "[null]")))["columns"]["geometry"]["bbox"],
            json::parse("[-180, 9, 180.5, 11]"));
}

// How the long edges of a wide footprint are meant is told by the bbox that the item states.
TEST(GeoMetadata, BoxesOfWideFootprintsHoldByWhatTheItemStates) {
  std::string wide("\x01\x02\x00\x00\x00\x02\x00\x00\x00", 9);
  for (const double value : {-100., 10., 100., 20.}) {
    wide.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  const auto rows = RowsWith({wide});
  EXPECT_TRUE(BoxesHoldIn(WithBoxes(rows, "[[-100, 10, 100, 20]]")));
  const std::string across = R"(["{\"bbox\":[100,10,-100,20]}"])";
  EXPECT_FALSE(BoxesHoldIn(WithBoxes(rows, "[[-100, 10, 100, 20]]", across)));
  EXPECT_TRUE(BoxesHoldIn(WithBoxes(rows, "[[-180, 10, 180, 20]]", across)));
}

}  // namespace
}  // namespace earthcatalog::geoparquet
