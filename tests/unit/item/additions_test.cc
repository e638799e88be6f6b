#include "earthcatalog/item/additions.h"

#include <random>

#include "unit/item/item_testing.h"
#include "unit/item/random_items.h"

namespace earthcatalog::item {
namespace {

Additions AdditionsOf(const std::vector<std::string>& overflows) {
  Additions additions;
  for (const std::string& overflow : overflows) additions.Add(overflow);
  return additions;
}

std::string Properties(const std::string& members) { return R"({"properties":{)" + members + "}}"; }

// The type of the column `a` for these values.
std::string TypeFor(const std::vector<std::string>& values, const std::string& name = "a") {
  Additions additions;
  for (const std::string& value : values) additions.Add(Properties("\"" + name + "\":" + value));
  return TypeText(*additions.ColumnsFor(*InitialSchema()).schema, name);
}

TEST(ColumnType, NumbersAreDoublesUnlessIntegersAreDeclared) {
  EXPECT_EQ(TypeFor({"1"}), "double");
  EXPECT_EQ(TypeFor({"9007199254740993"}), "double");
  EXPECT_EQ(TypeFor({"[1]"}), "list<element: double>");
  EXPECT_EQ(TypeFor({R"({"b":1,"c":[1]})"}), "struct<b: double, c: list<element: double>>");
  EXPECT_EQ(TypeFor({"1"}, "proj:epsg"), "int64");
  EXPECT_EQ(TypeFor({R"({"file:size":1,"proj:shape":[1,2],"gsd":1,"proj:bbox":[1]})"}),
            "struct<file:size: int64, gsd: double, proj:bbox: list<element: double>, "
            "proj:shape: list<element: int64>>");
}

TEST(ColumnType, InsideStructsADeclaredIntegerMustFitAllValues) {
  EXPECT_EQ(TypeFor({R"({"file:size":1})", R"({"file:size":1.5})"}), "struct<file:size: double>");
  EXPECT_EQ(TypeFor({R"({"file:size":null})"}), "no column");
  EXPECT_EQ(TypeFor({R"({"file:size":"1"})", R"({"proj:shape":[]})"}), "struct<file:size: string>");
}

TEST(ColumnType, APropertyHasItsDeclaredTypeWhateverItsValues) {
  EXPECT_EQ(TypeFor({"2020", "2021"}, "naip:year"), "string");
  EXPECT_EQ(TypeFor({"\"1\""}, "proj:epsg"), "int64");
  EXPECT_EQ(TypeFor({"[]"}, "keywords"), "list<element: string>");
  EXPECT_EQ(TypeFor({"[]"}, "title"), "no column");
  EXPECT_EQ(TypeFor({"null"}, "title"), "no column");
}

TEST(ColumnType, OtherwiseThatOfMostValues) {
  EXPECT_EQ(TypeFor({"1", "2", "\"x\""}), "double");
  EXPECT_EQ(TypeFor({"1", "\"x\"", "\"y\""}), "string");
  EXPECT_EQ(TypeFor({"1", "\"x\""}), "string");
  EXPECT_EQ(TypeFor({"[1]", "[\"a\"]", "{\"b\":1}"}), "list<element: string>");
  EXPECT_EQ(TypeFor({"[]", "{}", "null", "[null]", "{\"b\":[[]]}"}), "no column");
  EXPECT_EQ(TypeFor({"[]", "[]", "true"}), "bool");
}

TEST(Additions, OfAStructThatTheTableHasTheMembersAreWhatItLacks) {
  const auto table =
      EvolveOrDie(InitialSchema(),
                  arrow::schema({arrow::field("a", arrow::struct_({arrow::field("b", arrow::utf8())}))}));
  const Additions additions =
      AdditionsOf({Properties(R"("a":"x")"), Properties(R"("a":"y")"), Properties(R"("a":{"b":"z","c":1})")});
  EXPECT_EQ(TypeText(*Evolve(table, additions).ValueOrDie().schema, "a"), "struct<b: string, c: double>");
  EXPECT_EQ(AdditionsOf({Properties(R"("a":"x")")}).ColumnsFor(*table).schema->num_fields(), 0);
}

// However the items are divided and in whatever order they come.
TEST(Additions, MergedAreThoseOfAllItems) {
  std::mt19937 random(3);
  int by_use = 0;
  for (int trial = 0; trial < 300; ++trial) {
    std::vector<std::string> items(2 + random() % 12);
    for (std::string& item : items) item = RandomItem(&random);
    const Additions whole = AdditionsOf(items);
    const Grown expected = Evolve(InitialSchema(), whole).ValueOrDie();
    by_use += expected.by_use ? 1 : 0;
    std::shuffle(items.begin(), items.end(), random);
    std::vector<Additions> parts(1 + random() % 4);
    for (const std::string& item : items) parts[random() % parts.size()].Add(item);
    Additions merged;
    for (const Additions& part : parts) merged.Merge(part);
    const Grown grown = Evolve(InitialSchema(), merged).ValueOrDie();
    ASSERT_TRUE(grown.schema->Equals(*expected.schema)) << grown.schema->ToString() << "\n\n"
                                                        << expected.schema->ToString();
    EXPECT_EQ(grown.left_out, expected.left_out);
    EXPECT_EQ(grown.by_use, expected.by_use);
  }
  EXPECT_GT(by_use, 10);
}

std::string Asset(int number, const std::string& members) {
  return fmt::format(R"("asset{:04}":{{{}}})", number, members);
}

TEST(Additions, WhereRoomIsShortNamesThatMoreItemsUseComeFirst) {
  Additions additions;
  std::string assets;
  for (int i = 0; i < 500; ++i) assets += Asset(i, R"("href":"h","title":"t")") + ",";
  additions.Add(R"({"assets":{)" + assets + Asset(9999, R"("title":"t")") + "}}");
  for (int i = 0; i < 2; ++i) {
    additions.Add(R"({"assets":{)" + Asset(7777, R"("href":"h","bands":[{"name":"b","x":1}],"zz":1)") + "}}");
  }
  const Grown grown = Evolve(InitialSchema(), additions).ValueOrDie();
  const auto type = grown.schema->GetFieldByName("assets")->type();
  const auto& columns = static_cast<const arrow::StructType&>(*type);
  const auto text = [&](const char* name) {
    const auto field = columns.GetFieldByName(name);
    return field == nullptr ? "none" : field->type()->ToString();
  };
  // 501 hrefs, three leaves that two items use, 96 of those that one uses.
  EXPECT_EQ(text("asset7777"),
            "struct<bands: list<element: struct<name: string, x: double>>, href: string, zz: double>");
  EXPECT_EQ(text("asset0000"), "struct<href: string, title: string>");
  EXPECT_EQ(text("asset0095"), "struct<href: string, title: string>");
  EXPECT_EQ(text("asset0096"), "struct<href: string>");
  EXPECT_EQ(text("asset0499"), "struct<href: string>");
  EXPECT_EQ(text("asset9999"), "none");
  EXPECT_EQ(grown.left_out, 500u + 1 - 96);
  EXPECT_TRUE(grown.by_use);
  EXPECT_EQ(columns.fields().back()->name(), "asset7777") << "sorted by name";
}

TEST(Additions, AListHasRoomAsAWholeOrNone) {
  std::string properties = R"("l":[{"a":1,"b":2,"c":3}])";
  for (int i = 0; i < 960; ++i) properties += fmt::format(R"(,"p{}":1)", i);
  const Additions additions = AdditionsOf({Properties(properties), Properties(R"("p0":1)")});
  const Grown full = Evolve(InitialSchema(), additions).ValueOrDie();
  EXPECT_NE(full.schema->GetFieldByName("l"), nullptr);
  const Additions more =
      AdditionsOf({Properties(R"("k":[{"a":1,"b":2}])"), Properties(R"("x":1,"y":1,"z":1)")});
  Grown grown = full;
  while (grown.left_out == 0) {
    Additions filling;
    filling.Add(Properties(fmt::format(R"("q{}":1)", grown.schema->num_fields())));
    grown = Evolve(grown.schema, filling).ValueOrDie();
  }
  EXPECT_EQ(grown.left_out, 1u);
  EXPECT_EQ(Evolve(grown.schema, more).ValueOrDie().left_out, 5u);
}

}  // namespace
}  // namespace earthcatalog::item
