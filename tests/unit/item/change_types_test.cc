// Columns in other types, against what an encoder makes of the same items in a table of these types.
#include "earthcatalog/item/change_types.h"

#include <arrow/builder.h>

#include <random>
#include <set>

#include "unit/item/corpus_items.h"
#include "unit/item/random_items.h"

namespace earthcatalog::item {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

TypePtr ListOfType(TypePtr element) { return arrow::list(arrow::field("element", std::move(element))); }

std::vector<TypePtr> NewTypes() {
  return {arrow::boolean(),
          arrow::int32(),
          arrow::int64(),
          arrow::float32(),
          arrow::float64(),
          arrow::utf8(),
          arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
          ListOfType(arrow::utf8()),
          ListOfType(arrow::float64())};
}

std::vector<TypePtr> OldTypes() {
  std::vector<TypePtr> types = NewTypes();
  types.push_back(arrow::struct_({arrow::field("k", arrow::float64())}));
  types.push_back(ListOfType(arrow::struct_({arrow::field("k", arrow::utf8())})));
  return types;
}

// A table whose property `a` is of this type, beside instants that share a style with it.
std::shared_ptr<arrow::Schema> SchemaWith(const TypePtr& type, bool with_style = true) {
  arrow::FieldVector fields{arrow::field("a", type), arrow::field("b", arrow::float64())};
  if (with_style) fields.push_back(arrow::field(std::string(kStyle), arrow::utf8()));
  return EvolveOrDie(InitialSchema(), arrow::schema(fields));
}

std::vector<std::string> Items() {
  std::vector<std::string> items;
  for (const char* const value : {"true",
                                  "5",
                                  "5.0",
                                  "5.25",
                                  "-0.0",
                                  "9007199254740993",
                                  "9007199254740993.0",
                                  "1e300",
                                  "\"\"",
                                  "\"text\"",
                                  "\"5\"",
                                  "\"2024-01-01T00:00:00Z\"",
                                  "\"2024-01-01T02:00:00.500+02:00\"",
                                  "\"2024-01-01T00:00:00.1234567Z\"",
                                  "\"2016-12-31T23:59:60Z\"",
                                  "[]",
                                  "[\"x\",\"y\"]",
                                  "[1,2.5]",
                                  "[null]",
                                  "[{\"k\":\"v\"}]",
                                  "{}",
                                  "{\"k\":1}",
                                  "{\"k\":1,\"more\":[1]}",
                                  "{\"k\":null}",
                                  "null"}) {
    for (const char* const created : {"2024-05-01T10:11:12Z", "2024-05-01T10:11:12.000000Z"}) {
      json item = ItemWith({{"created", created}, {"b", "no number"}});
      std::string text = item.dump();
      text.insert(text.find("\"b\""), fmt::format("\"a\":{},", value));
      items.push_back(std::move(text));
    }
  }
  items.push_back(ItemWith({{"b", 1}}).dump());
  std::mt19937 random(7);
  for (int i = 0; i < 40; ++i) items.push_back(RandomItem(&random));
  return items;
}

std::shared_ptr<arrow::RecordBatch> Change(const std::shared_ptr<arrow::RecordBatch>& rows,
                                           const arrow::Schema& table, const std::set<std::string>& changed) {
  auto result = ChangeTypes(rows, table, changed);
  EXPECT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE((*result)->ValidateFull().ok()) << (*result)->ValidateFull();
  return *std::move(result);
}

// An item's overflow as a value: the order of its members is nobody's concern.
std::vector<json> OverflowValues(const arrow::RecordBatch& rows) {
  std::vector<json> values;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    const std::string text = Overflow(rows, row);
    values.push_back(text.empty() ? json() : ExactValue(text));
  }
  return values;
}

// A number in a list is written anew where a text takes its place: 60.0 becomes 60.
void ExpectSameTexts(const arrow::Array& column, const arrow::Array& wanted) {
  const auto& texts = static_cast<const arrow::StringArray&>(column);
  const auto& wanted_texts = static_cast<const arrow::StringArray&>(wanted);
  for (int64_t row = 0; row < texts.length(); ++row) {
    ASSERT_EQ(texts.IsNull(row), wanted_texts.IsNull(row)) << row;
    const std::string text = texts.GetString(row), wanted_text = wanted_texts.GetString(row);
    if (wanted_text.starts_with('[') || wanted_text.starts_with('{')) {
      EXPECT_EQ(ExactValue(text), ExactValue(wanted_text));
    } else {
      EXPECT_EQ(text, wanted_text);
    }
  }
}

// A column that is not there has no value in any row.
void ExpectSameColumns(const arrow::RecordBatch& rows, const arrow::RecordBatch& expected) {
  for (const auto& field : expected.schema()->fields()) {
    if (field->name() == kOverflow) continue;
    const auto column = rows.GetColumnByName(field->name());
    const auto wanted = expected.GetColumnByName(field->name());
    if (column == nullptr) {
      EXPECT_EQ(wanted->null_count(), wanted->length()) << field->name();
    } else if (field->type()->id() == arrow::Type::STRING) {
      ExpectSameTexts(*column, *wanted);
    } else {
      EXPECT_TRUE(column->Equals(*wanted)) << field->name() << "\n" << column->Diff(*wanted);
    }
  }
}

TEST(ChangeTypes, EveryPairOfTypesGivesTheRowsThatAnEncoderMakes) {
  const std::vector<std::string> items = Items();
  for (const TypePtr& from : OldTypes()) {
    for (const TypePtr& to : NewTypes()) {
      SCOPED_TRACE(from->ToString() + " to " + to->ToString());
      const auto rows = Encode(items, SchemaWith(from)).rows;
      const auto wanted = Encode(items, SchemaWith(to)).rows;
      const auto changed = Change(rows, *SchemaWith(to), {"a"});
      ExpectEqualToSources(*changed, items);
      ExpectSameColumns(*changed, *wanted);
      EXPECT_EQ(OverflowValues(*changed), OverflowValues(*wanted));
      const auto again = Change(changed, *SchemaWith(to), {"a"});
      ExpectSameColumns(*again, *changed);
      EXPECT_EQ(OverflowValues(*again), OverflowValues(*changed));
      const auto back = Change(changed, *SchemaWith(from), {"a"});
      ExpectEqualToSources(*back, items);
      ExpectSameColumns(*back, *rows);
    }
  }
}

TEST(ChangeTypes, ATableWithoutStylesKeepsTheTextOfInstants) {
  const std::vector<std::string> items = Items();
  const auto text = SchemaWith(arrow::utf8(), /*with_style=*/false);
  const auto instant = SchemaWith(NewTypes()[6], /*with_style=*/false);
  const auto changed = Change(Encode(items, text).rows, *instant, {"a"});
  EXPECT_EQ(changed->GetColumnByName(std::string(kStyle)), nullptr);
  ExpectEqualToSources(*changed, items);
  ExpectEqualToSources(*Change(changed, *text, {"a"}), items);
}

TEST(ChangeTypes, ValuesOfAColumnThatAFileLacksComeFromTheOverflow) {
  const std::vector<std::string> items = {ItemWith({{"a", "x"}}).dump(), ItemWith({{"a", 2}}).dump()};
  const auto rows = Encode({items[0], items[1]}, InitialSchema()).rows;  // no column `a`
  const auto changed = Change(rows, *SchemaWith(arrow::float64()), {"a"});
  EXPECT_EQ(ValueText(*changed, "a", 0), "null");
  EXPECT_EQ(ValueText(*changed, "a", 1), "2");
  EXPECT_THAT(Overflow(*changed, 0), testing::HasSubstr(R"("properties":{"a":"x"})"));
  EXPECT_THAT(Overflow(*changed, 1), testing::Not(testing::HasSubstr("\"a\"")));
  ExpectEqualToSources(*changed, items);
}

TEST(ChangeTypes, AColumnWithoutAValueIsLeftOut) {
  const std::vector<std::string> items = {ItemWith({{"a", "x"}}).dump()};
  const auto changed =
      Change(Encode(items, SchemaWith(arrow::utf8())).rows, *SchemaWith(arrow::boolean()), {"a"});
  EXPECT_EQ(changed->GetColumnByName("a"), nullptr);
  EXPECT_NE(changed->GetColumnByName("b"), nullptr);
  ExpectEqualToSources(*changed, items);
}

TEST(ChangeTypes, ABrokenOverflowIsAnErrorThatNamesTheRow) {
  auto rows =
      Encode({ItemWith({{"a", 1}}).dump(), ItemWith({{"a", 2}}).dump()}, SchemaWith(arrow::int64())).rows;
  arrow::StringBuilder texts;
  ASSERT_TRUE(texts.AppendNull().ok() && texts.Append("{").ok());
  const int place = rows->schema()->GetFieldIndex(std::string(kOverflow));
  rows = *rows->SetColumn(place, rows->schema()->field(place), *texts.Finish());
  const auto by_number =
      ChangeTypes(rows, *SchemaWith(arrow::utf8()), {"a"}, [](int64_t row) { return 40 + row; });
  EXPECT_EQ(KindOf(by_number.status()), ErrorKind::kCorrupt);
  EXPECT_THAT(by_number.status().message(), testing::HasSubstr("row 41"));
}

TEST(ChangeTypes, ColumnsOfEveryTableMayNotChange) {
  for (const char* const name : {"id", "geometry", "bbox", "datetime", "platform", "assets", "created",
                                 "_overflow", "_style", "_ingested", "grid_partition"}) {
    EXPECT_FALSE(MayChangeType(name)) << name;
  }
  EXPECT_TRUE(MayChangeType("eo:cloud_cover"));
}

// All properties of all collections at once, each into one type after the other.
TEST(ChangeTypes, EveryCorpusItemStaysWhatItIs) {
  const auto corpus = CorpusItems();
  SKIP_WITHOUT_CORPUS(corpus);
  const std::vector<TypePtr> types = NewTypes();
  for (const auto& [folder, items] : corpus) {
    SCOPED_TRACE(folder);
    auto rows = EncodeEvolved(items).rows;
    const auto first = rows->schema();
    for (size_t round = 0; round < types.size(); ++round) {
      std::set<std::string> changed;
      auto table = first;
      for (int i = 0; i < first->num_fields(); ++i) {
        const auto& field = first->field(i);
        if (!MayChangeType(field->name())) continue;
        changed.insert(field->name());
        table = *table->SetField(i, field->WithType(types[(round + static_cast<size_t>(i)) % types.size()]));
      }
      rows = Change(rows, *table, changed);
      ExpectEqualToSources(*rows, items);
      ExpectSameColumns(*rows, *Encode(items, table).rows);
    }
  }
}

}  // namespace
}  // namespace earthcatalog::item
