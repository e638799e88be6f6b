// The column has the envelope of the footprint, and the bbox that an item states comes back as it was.
#include "earthcatalog/item/stated_bbox.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/item/item_testing.h"

namespace earthcatalog::item {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kAbsent[] = "absent";
constexpr char kSquare[] =
    R"({"type":"Polygon","coordinates":[[[1.25,2],[3,2],[3,4.5],[1.25,4.5],[1.25,2]]]})";
constexpr char kAcross[] =
    R"({"type":"Polygon","coordinates":[[[176,-20],[-174,-20],[-174,-12],[176,-12],[176,-20]]]})";

std::string ItemText(const std::string& geometry, const std::string& bbox) {
  json item = ItemWith({});
  item["geometry"] = json::parse(geometry);
  item.erase("bbox");
  std::string text = item.dump();
  if (bbox != kAbsent) text.insert(1, "\"bbox\":" + bbox + ",");
  return text;
}

std::shared_ptr<arrow::Schema> Schema() {
  return EvolveOrDie(InitialSchema(), Encode({ItemWith({}).dump()}).additions);
}

std::shared_ptr<arrow::RecordBatch> RowOf(const std::string& geometry, const std::string& bbox) {
  const EncodedItems encoded = Encode({ItemText(geometry, bbox)}, Schema());
  EXPECT_EQ(encoded.additions, nullptr);
  EXPECT_FALSE(encoded.unplaced);
  EXPECT_TRUE(encoded.at_home) << "what a bbox has in overflow has no other place in any schema";
  return encoded.rows;
}

std::string ColumnText(double xmin, double ymin, double xmax, double ymax) {
  return fmt::format("{{xmin:double = {}, ymin:double = {}, xmax:double = {}, ymax:double = {}}}", xmin, ymin,
                     xmax, ymax);
}

TEST(StatedBbox, WhatTheColumnSaysIsKeptNowhereElse) {
  const auto rows = RowOf(kSquare, "[1.25, 2, 3.0, 4.5]");
  EXPECT_EQ(ValueText(*rows, "bbox"), ColumnText(1.25, 2, 3, 4.5));
  EXPECT_EQ(Overflow(*rows), "");
}

TEST(StatedBbox, DangerTheColumnMissesTheGeometry) {
  for (const char* stated : {"[1.3,2,3,4.5]", "[3,2,1.25,4.5]", "[1.25,2,0,3,4.5,9]", "[2,1.25,4.5,3]",
                             "null", "[]", "\"x\"", "[1,2]", kAbsent}) {
    const auto rows = RowOf(kSquare, stated);
    EXPECT_EQ(ValueText(*rows, "bbox"), ColumnText(1.25, 2, 3, 4.5)) << stated;
  }
  EXPECT_EQ(ValueText(*RowOf(kAcross, "[176,-20,-174,-12]"), "bbox"), ColumnText(-180, -20, 180, -12));
  EXPECT_EQ(ValueText(*RowOf(kAcross, "[-174,-20,176,-12]"), "bbox"), ColumnText(-174, -20, 176, -12))
      << "the long way around, as it is stated";
  EXPECT_EQ(ValueText(*RowOf("null", "[1,2,3,4]"), "bbox"), "null");
  EXPECT_EQ(ValueText(*RowOf(R"({"type":"Point","coordinates":[]})", "[1,2,3,4]"), "bbox"), "null");
}

TEST(StatedBbox, AnItemComesBackAsItWas) {
  const char* empty = R"({"type":"MultiPolygon","coordinates":[]})";
  for (const char* geometry : {kSquare, kAcross, "null", empty}) {
    for (const char* stated :
         {"[1.25,2,3,4.5]", "[1.3,2,3,4.5]", "[176,-20,-174,-12]", "[1,2,0,3,4,9]", "null", "[]", "[[]]",
          "[[[]]]", "[[],[]]", "[null]", "false", "7", "\"null\"", "{\"\":null}", "[1,2,3,9007199254740993]",
          "[1e400,2,3,4]", "[1.25,2,3,4.50]", "[-0.0,0,0,0]", kAbsent}) {
      const auto rows = RowOf(geometry, stated);
      const std::string text = DecodeText(*rows, 0);
      const std::string member = "\"bbox\":" + std::string(stated) + ",";
      if (stated == std::string("[1.25,2,3,4.50]")) {
        EXPECT_EQ(json::parse(text)["bbox"], json::parse(stated));
      } else if (stated == kAbsent) {
        EXPECT_THAT(text, Not(HasSubstr("bbox"))) << geometry;
      } else {
        EXPECT_THAT(text, HasSubstr(member)) << geometry;
      }
    }
  }
}

TEST(StatedBbox, ZerosAreToldApart) {
  const char* origin = R"({"type":"Point","coordinates":[0.0,0.0]})";
  const auto rows = RowOf(origin, "[-0.0,0,0,0]");
  EXPECT_EQ(Overflow(*rows), R"({"bbox":[-0.0,0,0,0]})");
}

TEST(StatedBbox, ABboxThatIsNoJsonRefusesTheItem) {
  for (const char* stated : {"[1,2,3,", "[01,2,3,4]", "nul", "[1,2,3,4,{\"a\":1,\"a\":2}]"}) {
    const auto encoder = MakeEncoder(Schema());
    const auto rejection = encoder->Append(ItemText(kSquare, stated));
    ASSERT_TRUE(rejection.has_value()) << stated;
    EXPECT_EQ(rejection->kind, "invalid_json");
    EXPECT_THAT(rejection->message, HasSubstr("$.bbox")) << stated;
    // The next item has nothing of it.
    EXPECT_FALSE(encoder->Append(ItemText(kSquare, "[1.25,2,3,4.5]")).has_value());
    EXPECT_EQ(Overflow(*encoder->Finish().ValueOrDie().rows), "");
  }
}

std::string Stated(const std::string& geometry, const std::string& bbox) {
  const auto rows = RowOf(geometry, bbox);
  const auto box = StatedBoxes(*rows).At(0);
  return box ? fmt::format("{} {} {} {}", box->west, box->south, box->east, box->north) : "none";
}

TEST(StatedBbox, IsTheOneThatTheItemStates) {
  EXPECT_EQ(Stated(kSquare, "[1.25,2,3,4.5]"), "1.25 2 3 4.5");
  EXPECT_EQ(Stated(kAcross, "[176,-20,-174,-12]"), "176 -20 -174 -12");
  EXPECT_EQ(Stated(kAcross, "[-174,-20,176,-12]"), "-174 -20 176 -12");
  EXPECT_EQ(Stated(kSquare, "[1,2,0,3,4,9]"), "1 2 3 4");
  EXPECT_EQ(Stated("null", "[1,2,3,4]"), "1 2 3 4");
  for (const char* none : {kAbsent, "null", "[]", "[[]]", "[1,2,3]", "\"bbox\"", "[1,2,3,null]"}) {
    EXPECT_EQ(Stated(kAcross, none), "none") << none;
  }
}

// A column of this name, or a text that looks like it, further down in the overflow.
TEST(StatedBbox, IsNotTakenFromElsewhereInTheOverflow) {
  json item = ItemWith({{"x", {{"bbox", {1, 2, 3, 4}}}}, {"y", "\"bbox\":[1,2,3,4]"}});
  EXPECT_THAT(Overflow(*Encode({item.dump()}, Schema()).rows), HasSubstr("\"bbox\""));
  EXPECT_EQ(StatedBoxes(*Encode({item.dump()}, Schema()).rows).At(0)->west, 7.5);
}

std::shared_ptr<arrow::Array> Texts(const std::vector<std::optional<std::string>>& texts) {
  arrow::StringBuilder builder;
  for (const auto& text : texts) {
    EXPECT_TRUE((text ? builder.Append(*text) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

TEST(StatedBbox, OfAnOlderTableIsItsText) {
  const auto texts = Texts({"[-10.0, 50.0, 10.0, 60.0]", std::nullopt, "[1, 2, 3, 4, 5, 6]", "[1, 2]",
                            "{\"a\": 1}", "[1, 2, 3,", "", "[null, 0, 1, 2]", "[1e3,2,3,4]"});
  const auto rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("bbox", arrow::utf8())}),
                                             texts->length(), {texts});
  const StatedBoxes stated(*rows);
  for (const int64_t row : {1, 3, 4, 5, 6, 7}) EXPECT_FALSE(stated.At(row)) << row;
  EXPECT_EQ(stated.At(0)->west, -10);
  EXPECT_EQ(stated.At(0)->north, 60);
  EXPECT_EQ(stated.At(2)->east, 4);  // of a box with heights
  EXPECT_EQ(stated.At(8)->west, 1000);
  const auto longitudes = stated.Longitudes().ValueOrDie();
  ASSERT_TRUE(longitudes->ValidateFull().ok());
  EXPECT_EQ(longitudes->field(0)->null_count(), 6);
  EXPECT_EQ(static_cast<const arrow::DoubleArray&>(*longitudes->GetFieldByName("xmax")).Value(2), 4);
}

// Rows of files that were written when the column had the stated bbox.
TEST(StatedBbox, OfAFileOfEarlierVersionsIsItsColumn) {
  const auto rows = RowOf(kAcross, "[176,-20,-174,-12]");
  const auto box = RowOf(kSquare, "[1.25,2,3,4.5]")->GetColumnByName("bbox");
  const auto none = arrow::MakeArrayOfNull(arrow::utf8(), 1).ValueOrDie();
  const auto with = [&](const std::shared_ptr<arrow::Array>& boxes,
                        const std::shared_ptr<arrow::Array>& rest) {
    auto changed = rows;
    for (const auto& [name, column] : {std::pair{"bbox", boxes}, {"_overflow", rest}}) {
      const int index = changed->schema()->GetFieldIndex(name);
      changed = changed->SetColumn(index, changed->schema()->field(index), column).ValueOrDie();
    }
    return changed;
  };
  const auto older = with(box, none);
  EXPECT_EQ(StatedBoxes(*older).At(0)->west, 1.25);
  EXPECT_EQ(Decode(*older, 0)["bbox"], json::parse("[1.25,2,3,4.5]"));
  const auto no_box = arrow::MakeArrayOfNull(box->type(), 1).ValueOrDie();
  EXPECT_FALSE(Decode(*with(no_box, none), 0).contains("bbox"));
  EXPECT_FALSE(StatedBoxes(*with(no_box, none)).At(0));
  for (const char* rest : {"null", "[]", "[[]]"}) {
    const auto kept = with(no_box, Texts({fmt::format("{{\"bbox\":{}}}", rest)}));
    EXPECT_EQ(Decode(*kept, 0)["bbox"], json::parse(rest));
  }
}

}  // namespace
}  // namespace earthcatalog::item
