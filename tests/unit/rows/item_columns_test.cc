#include "earthcatalog/rows/item_columns.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "earthcatalog/base/field_id.h"

namespace earthcatalog::rows {
namespace {

using arrow::field;

const auto kInstant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");

std::shared_ptr<arrow::Array> Times(arrow::TimeUnit::type unit, const std::string& zone, int64_t value) {
  arrow::TimestampBuilder builder(arrow::timestamp(unit, zone), arrow::default_memory_pool());
  EXPECT_TRUE(builder.Append(value).ok() && builder.AppendNull().ok());
  return builder.Finish().ValueOrDie();
}

template <typename Builder>
std::shared_ptr<arrow::Array> Texts(const std::string& text) {
  Builder builder;
  EXPECT_TRUE(builder.Append(text).ok() && builder.AppendNull().ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Converted(const std::shared_ptr<arrow::Array>& column,
                                        const std::string& name = "x", bool with_id = false) {
  auto described = field(name, column->type());
  if (with_id) described = WithFieldId(described, 1);
  const auto rows = arrow::RecordBatch::Make(arrow::schema({described}), column->length(), {column});
  const auto converted = AsItemColumns(rows).ValueOrDie();
  EXPECT_TRUE(converted->ValidateFull().ok());
  return converted->column(0);
}

int64_t FirstInstant(const arrow::Array& column) {
  EXPECT_TRUE(column.type()->Equals(kInstant)) << column.type()->ToString();
  EXPECT_TRUE(column.IsNull(1));
  return static_cast<const arrow::TimestampArray&>(column).Value(0);
}

// The danger: milliseconds taken for microseconds, and all items are of January 1970.
TEST(ItemColumns, InstantsOfAnyUnitAreMicroseconds) {
  EXPECT_EQ(FirstInstant(*Converted(Times(arrow::TimeUnit::MILLI, "UTC", 1'500))), 1'500'000);
  EXPECT_EQ(FirstInstant(*Converted(Times(arrow::TimeUnit::SECOND, "UTC", -2))), -2'000'000);
  EXPECT_EQ(FirstInstant(*Converted(Times(arrow::TimeUnit::NANO, "UTC", 1'999))), 1);
  EXPECT_EQ(FirstInstant(*Converted(Times(arrow::TimeUnit::MICRO, "+00:00", 7))), 7);
  EXPECT_EQ(FirstInstant(*Converted(Times(arrow::TimeUnit::MILLI, "", 7))), 7'000);
}

TEST(ItemColumns, AnInstantOutOfRangeIsAnErrorThatNamesTheColumn) {
  const auto column = Times(arrow::TimeUnit::SECOND, "UTC", INT64_MAX);
  const auto rows = arrow::RecordBatch::Make(arrow::schema({field("created", column->type())}), 2, {column});
  EXPECT_THAT(AsItemColumns(rows).status().message(), testing::HasSubstr("created"));
}

TEST(ItemColumns, LargeTextIsText) {
  const auto column = Converted(Texts<arrow::LargeStringBuilder>("ä"));
  ASSERT_TRUE(column->type()->Equals(arrow::utf8()));
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*column).GetString(0), "ä");
  EXPECT_TRUE(Converted(Texts<arrow::LargeBinaryBuilder>("b"))->type()->Equals(arrow::binary()));
  EXPECT_TRUE(Converted(Texts<arrow::StringDictionaryBuilder>("b"))->type()->Equals(arrow::utf8()));
}

TEST(ItemColumns, SoAreTheFieldsInside) {
  const auto times = Times(arrow::TimeUnit::MILLI, "UTC", 3);
  const auto texts = Texts<arrow::LargeStringBuilder>("b");
  const auto inside =
      arrow::StructArray::Make({times, texts}, {field("t", times->type()), field("s", texts->type())})
          .ValueOrDie();
  EXPECT_TRUE(
      Converted(inside)->type()->Equals(arrow::struct_({field("t", kInstant), field("s", arrow::utf8())})));
}

TEST(ItemColumns, WhatIsInOrderIsNotCopied) {
  for (const auto& column : {Times(arrow::TimeUnit::MICRO, "UTC", 3), Texts<arrow::StringBuilder>("b")}) {
    const auto rows = arrow::RecordBatch::Make(arrow::schema({field("x", column->type())}), 2, {column});
    EXPECT_EQ(AsItemColumns(rows).ValueOrDie(), rows);
  }
}

// The danger: an item's assets come back with members it never had, `"thumbnail": null` among the assets.
TEST(ItemColumns, MembersThatOlderWritersMadeUpAreLeftOut) {
  const auto text = [](const std::shared_ptr<arrow::Array>& column) {
    return static_cast<const arrow::StringArray&>(*column).GetString(0);
  };
  const auto assets = Texts<arrow::StringBuilder>(R"({"data": {"title": null}, "thumbnail": null})");
  EXPECT_EQ(text(Converted(assets, "assets")), R"({"data":{}})");
  EXPECT_EQ(Converted(assets, "assets", /*with_id=*/true), assets);  // then the nulls are the item's own
  EXPECT_EQ(Converted(assets, "title"), assets);
}

}  // namespace
}  // namespace earthcatalog::rows
