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
