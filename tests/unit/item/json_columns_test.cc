#include "earthcatalog/item/json_columns.h"

#include <arrow/array/builder_binary.h>

#include "unit/item/item_testing.h"

namespace earthcatalog::item {
namespace {

std::shared_ptr<arrow::StringArray> Texts(const std::vector<std::optional<std::string>>& texts) {
  arrow::StringBuilder builder;
  for (const auto& text : texts) {
    EXPECT_TRUE((text ? builder.Append(*text) : builder.AppendNull()).ok());
  }
  return std::static_pointer_cast<arrow::StringArray>(builder.Finish().ValueOrDie());
}

std::string WithoutNulls(const std::string& text) {
  const auto column = WithoutNullMembers(*Texts({text})).ValueOrDie();
  return static_cast<const arrow::StringArray&>(*column).GetString(0);
}

TEST(JsonColumns, BoxesAreReadWhereThereAreAny) {
  const auto boxes =
      BoxesOf(*Texts({"[-10.0, 50.0, 10.0, 60.0]", std::nullopt, "[1, 2, 3, 4, 5, 6]", "[1, 2]", "{\"a\": 1}",
                      "[1, 2, 3,", "", "[null, 0, 1, 2]", "[1e3,2,3,4]"}))
          .ValueOrDie();
  ASSERT_TRUE(boxes->ValidateFull().ok());
  ASSERT_EQ(boxes->length(), 9);
  const auto side = [&](const char* name, int64_t row) {
    return static_cast<const arrow::DoubleArray&>(*boxes->GetFieldByName(name)).Value(row);
  };
  for (const int64_t row : {0, 2, 8}) EXPECT_TRUE(boxes->IsValid(row)) << row;
  for (const int64_t row : {1, 3, 4, 5, 6, 7}) EXPECT_TRUE(boxes->IsNull(row)) << row;
  EXPECT_EQ(side("xmin", 0), -10);
  EXPECT_EQ(side("ymax", 0), 60);
  EXPECT_EQ(side("xmax", 2), 4);  // of a box with heights
  EXPECT_EQ(side("xmin", 8), 1000);
}

TEST(JsonColumns, NullMembersAreLeftOutAtAnyDepth) {
  EXPECT_EQ(WithoutNulls(R"({"data": {"href": "x", "title": null}, "thumb": null})"),
            R"({"data":{"href":"x"}})");
  EXPECT_EQ(WithoutNulls(R"([{"rel": null, "href": "a"}, {"n": {"m": [{"k": null}]}}])"),
            R"([{"href":"a"},{"n":{"m":[{}]}}])");
  EXPECT_EQ(WithoutNulls(R"({"a": null, "b": [null, 1.50, "null", -0.0, true], "\u006e\"": 1})"),
            R"({"b":[null,1.50,"null",-0.0,true],"\u006e\"":1})");
  EXPECT_EQ(WithoutNulls(" [] "), "[]");
  EXPECT_EQ(WithoutNulls("null"), "null");
}

TEST(JsonColumns, NoTextStaysNone) {
  const auto column = WithoutNullMembers(*Texts({std::nullopt, "{}"})).ValueOrDie();
  EXPECT_TRUE(column->IsNull(0));
  EXPECT_FALSE(column->IsNull(1));
}

TEST(JsonColumns, WhatIsNotJsonIsAnError) {
  for (const char* text : {"", "{", "{\"a\": NaN}", "[1] 2", "{\"a\":1,}"}) {
    EXPECT_EQ(KindOf(WithoutNullMembers(*Texts({text})).status()), ErrorKind::kCorrupt) << text;
  }
}

}  // namespace
}  // namespace earthcatalog::item
