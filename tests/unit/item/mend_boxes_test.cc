// Rows as earlier versions wrote them, mended, against what an encoder makes of the same items.
#include "earthcatalog/item/mend_boxes.h"

#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "unit/item/item_testing.h"

namespace earthcatalog::item {
namespace {

json ItemOf(json geometry, const std::optional<json>& bbox, json properties = json::object()) {
  json item = ItemWith(std::move(properties));
  item["geometry"] = std::move(geometry);
  item.erase("bbox");
  if (bbox) item["bbox"] = *bbox;
  return item;
}

std::vector<json> Items() {
  const json square = {{"type", "Polygon"},
                       {"coordinates", {{{7.25, 46}, {8, 46}, {8, 47.125}, {7.25, 47.125}, {7.25, 46}}}}};
  const json crossing = {{"type", "LineString"}, {"coordinates", {{170, 10}, {-170, 20}}}};
  return {ItemOf(square, json{7.25, 46, 8, 47.125}),
          ItemOf(square, json{7.3, 46, 8, 47.1}),
          ItemOf(square, json{7.25, 46, -5, 8, 47.125, 900}),
          ItemOf(square, std::nullopt),
          ItemOf(square, json()),
          ItemOf(square, json::array()),
          ItemOf(square, json{1, 2}),
          ItemOf(square, json("7,46,8,47"), {{"year", 3}}),
          ItemOf(crossing, json{170, 10, -170, 20}, {{"year", 2020}, {"grid_partition", "x"}}),
          ItemOf(crossing, json{-180, 10, 180, 20}),
          ItemOf(json(), std::nullopt),
          ItemOf(json(), json{1, 2, 3, 4}, {{"year", 1}})};
}

// The column that earlier versions made of what the items state, which only had the rest in the overflow.
std::shared_ptr<arrow::RecordBatch> AsBefore(const std::shared_ptr<arrow::RecordBatch>& rows,
                                             const std::vector<json>& items) {
  const int bbox = rows->schema()->GetFieldIndex("bbox");
  const auto type = rows->schema()->field(bbox)->type();
  const auto builder = arrow::MakeBuilder(type).ValueOrDie();
  auto* const boxes = static_cast<arrow::StructBuilder*>(builder.get());
  arrow::StringBuilder overflow;
  for (size_t i = 0; i < items.size(); ++i) {
    const std::string text = Overflow(*rows, static_cast<int64_t>(i));
    json rest = text.empty() ? json::object() : json::parse(text);
    rest.erase("bbox");
    const json stated = items[i].value("bbox", json());
    const size_t count = stated.is_array() ? stated.size() : 0;
    if (count == 4 || count == 6) {
      EXPECT_TRUE(boxes->Append().ok());
      const size_t half = count / 2;
      const std::array<size_t, 4> places = {0, 1, half, half + 1};
      for (int side = 0; side < 4; ++side) {
        EXPECT_TRUE(static_cast<arrow::DoubleBuilder*>(boxes->field_builder(side))
                        ->Append(stated[places[static_cast<size_t>(side)]])
                        .ok());
      }
    } else {
      EXPECT_TRUE(boxes->AppendNull().ok());
    }
    if (items[i].contains("bbox") && count != 4) rest["bbox"] = stated;
    EXPECT_TRUE((rest.empty() ? overflow.AppendNull() : overflow.Append(rest.dump())).ok());
  }
  const int place = rows->schema()->GetFieldIndex(std::string(kOverflow));
  return rows->SetColumn(bbox, rows->schema()->field(bbox), builder->Finish().ValueOrDie())
      .ValueOrDie()
      ->SetColumn(place, rows->schema()->field(place), overflow.Finish().ValueOrDie())
      .ValueOrDie();
}

TEST(MendBoxes, RowsBecomeWhatAnEncoderMakesAndTheItemsStayAsTheyWere) {
  const std::vector<json> items = Items();
  std::vector<std::string> texts;
  for (const json& item : items) texts.push_back(item.dump());
  const auto encoded = Encode(texts, InitialSchema()).rows;
  const auto before = AsBefore(encoded, items);
  const auto mended = MendBoxes(before).ValueOrDie();
  ASSERT_TRUE(mended->ValidateFull().ok());
  EXPECT_TRUE(mended->GetColumnByName("bbox")->Equals(encoded->GetColumnByName("bbox")))
      << mended->GetColumnByName("bbox")->ToString();
  for (size_t i = 0; i < items.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const auto rest = [row](const arrow::RecordBatch& rows) {
      const std::string text = Overflow(rows, row);
      return text.empty() ? json() : json::parse(text);
    };
    EXPECT_EQ(rest(*mended), rest(*encoded)) << i;
    EXPECT_EQ(Decode(*before, row).value("bbox", json("none")), items[i].value("bbox", json("none"))) << i;
    EXPECT_EQ(Decode(*mended, row).value("bbox", json("none")), items[i].value("bbox", json("none"))) << i;
  }
  EXPECT_EQ(MendBoxes(mended).ValueOrDie().get(), mended.get()) << "once is enough";
}

// Of boxes of other programs, whose sides may be NaN where a geometry is empty.
TEST(MendBoxes, DangerSidesThatAreNotFiniteAreStated) {
  const json empty = {{"type", "Polygon"}, {"coordinates", json::array()}};
  const json line = {{"type", "LineString"}, {"coordinates", {{1, 2}, {3, 4}}}};
  const std::vector<json> items = {ItemOf(empty, std::nullopt), ItemOf(line, std::nullopt)};
  const auto encoded = Encode({items[0].dump(), items[1].dump()}, InitialSchema()).rows;
  const int place = encoded->schema()->GetFieldIndex("bbox");
  const auto type = encoded->schema()->field(place)->type();
  const auto builder = arrow::MakeBuilder(type).ValueOrDie();
  auto* const boxes = static_cast<arrow::StructBuilder*>(builder.get());
  for (const double value : {std::numeric_limits<double>::quiet_NaN(), HUGE_VAL}) {
    ASSERT_TRUE(boxes->Append().ok());
    for (int side = 0; side < 4; ++side) {
      ASSERT_TRUE(static_cast<arrow::DoubleBuilder*>(boxes->field_builder(side))->Append(value).ok());
    }
  }
  const auto before =
      encoded->SetColumn(place, encoded->schema()->field(place), builder->Finish().ValueOrDie()).ValueOrDie();
  const auto mended = MendBoxes(before).ValueOrDie();
  EXPECT_TRUE(mended->GetColumnByName("bbox")->Equals(encoded->GetColumnByName("bbox")));
  for (int64_t row = 0; row < 2; ++row) {
    EXPECT_EQ(Overflow(*mended, row), Overflow(*encoded, row));
    EXPECT_FALSE(Decode(*mended, row).contains("bbox"));
  }
}

TEST(MendBoxes, ErrorsNameTheRow) {
  const auto encoded = Encode({ItemWith({}).dump(), ItemWith({}).dump()}, InitialSchema()).rows;
  arrow::BinaryBuilder geometries;
  ASSERT_TRUE(geometries.Append("\x01", 1).ok());
  ASSERT_TRUE(geometries.AppendNull().ok());
  const int place = encoded->schema()->GetFieldIndex("geometry");
  const auto broken =
      encoded->SetColumn(place, encoded->schema()->field(place), geometries.Finish().ValueOrDie())
          .ValueOrDie();
  EXPECT_THAT(MendBoxes(broken).status().message(), testing::HasSubstr("row 0"));
  const auto number_of = [](int64_t row) { return row + 70; };
  EXPECT_THAT(MendBoxes(broken, number_of).status().message(), testing::HasSubstr("row 70"));
  const auto without = broken->RemoveColumn(broken->schema()->GetFieldIndex("bbox")).ValueOrDie();
  EXPECT_THAT(MendBoxes(without, number_of).status().message(), testing::HasSubstr("row 70"));
}

}  // namespace
}  // namespace earthcatalog::item
