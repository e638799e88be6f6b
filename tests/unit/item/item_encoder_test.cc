#include "earthcatalog/item/item_encoder.h"

#include <algorithm>
#include <map>
#include <random>

#include "unit/item/item_testing.h"

namespace earthcatalog::item {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::Pair;

// The rows of one item with these properties, in a table that has had it before.
std::shared_ptr<arrow::RecordBatch> RowOf(const json& properties) {
  return EncodeEvolved({ItemWith(properties).dump()}).rows;
}

TEST(ItemEncoder, PropertiesAreColumnsOfTheirOwnName) {
  const auto rows = RowOf({{"eo:cloud_cover", 5},
                           {"platform", "landsat-8"},
                           {"instruments", {"oli", "tirs"}},
                           {"my:flag", true},
                           {"my:count", 3},
                           {"my:nested", {{"a", 1}, {"b", {1.5, 2}}}}});
  EXPECT_EQ(ValueText(*rows, "eo:cloud_cover"), "5");
  EXPECT_EQ(TypeText(*rows->schema(), "eo:cloud_cover"), "double");
  EXPECT_EQ(ValueText(*rows, "platform"), "landsat-8");
  EXPECT_EQ(TypeText(*rows->schema(), "instruments"), "list<element: string>");
  EXPECT_EQ(TypeText(*rows->schema(), "my:flag"), "bool");
  EXPECT_EQ(TypeText(*rows->schema(), "my:count"), "double");
  EXPECT_EQ(TypeText(*rows->schema(), "my:nested"), "struct<a: double, b: list<element: double>>");
  EXPECT_EQ(Overflow(*rows), "");
}

TEST(ItemEncoder, FixedMembersHaveTheirColumns) {
  const auto rows = RowOf({});
  EXPECT_EQ(ValueText(*rows, "id"), "item-1");
  EXPECT_EQ(ValueText(*rows, "type"), "Feature");
  EXPECT_EQ(ValueText(*rows, "collection"), "c");
  EXPECT_EQ(ValueText(*rows, "bbox"),
            "{xmin:double = 7.5, ymin:double = 46, xmax:double = 7.5, ymax:double = 46}");
  EXPECT_EQ(TypeText(*rows->schema(), "assets"), "struct<data: struct<href: string>>");
  EXPECT_EQ(ValueText(*rows, "datetime"), "2024-05-01 10:11:12.000000Z");
  EXPECT_EQ(rows->GetColumnByName("grid_partition"), nullptr);
}

TEST(ItemEncoder, AdditionsNameWhatHasNoColumnAndNothingElse) {
  const auto first = Encode({ItemWith({{"b", 1}, {"a", "x"}}).dump()});
  EXPECT_THAT(ColumnsOf(first.additions)->field_names(), testing::ElementsAre("a", "assets", "b"));
  const auto schema = EvolveOrDie(InitialSchema(), first.additions);
  EXPECT_EQ(Encode({ItemWith({{"b", 1}, {"a", "x"}}).dump()}, schema).additions, nullptr);
  EXPECT_THAT(ColumnsOf(Encode({ItemWith({{"c", 1}}).dump()}, schema).additions, schema)->field_names(),
              testing::ElementsAre("c"));
}

TEST(ItemEncoder, AdditionsDoNotDependOnTheOrderOfItems) {
  std::vector<std::string> items;
  for (int i = 0; i < 30; ++i) {
    json properties = {{"n" + std::to_string(i % 7), i}, {"mixed", i}, {"conflict", i}};
    if (i % 3 == 0) properties["mixed"] = i + 0.5;
    if (i % 5 == 0) properties["conflict"] = "text";
    json item = ItemWith(properties);
    item["assets"]["asset" + std::to_string(i % 4)] = {{"href", "x"}, {"k" + std::to_string(i % 3), i}};
    items.push_back(item.dump());
  }
  const auto expected = ColumnsOf(Encode(items).additions);
  EXPECT_EQ(TypeText(*expected, "mixed"), "double");
  EXPECT_EQ(TypeText(*expected, "conflict"), "double");
  std::mt19937 random(1);
  for (int i = 0; i < 20; ++i) {
    std::shuffle(items.begin(), items.end(), random);
    EXPECT_TRUE(ColumnsOf(Encode(items).additions)->Equals(*expected));
  }
}

TEST(ItemEncoder, NamesThatMayNotBeColumnsStayInOverflow) {
  const json properties = {{"year", 2020},
                           {"grid_partition", "x"},
                           {"collection", "other"},
                           {"ID", "upper"},
                           {"_overflow", 1},
                           {"_style", "tT6Z"},
                           {"empty", json::object()},
                           {"gsd", 10},
                           {"GSD", 20},
                           {"proj:geometry", {{"type", "Point"}}}};
  const auto rows = RowOf(properties);
  for (const auto& [name, value] : properties.items()) {
    const bool column_of_its_own = name != "GSD" && name != "_overflow" && name != "collection";
    if (column_of_its_own) {
      EXPECT_EQ(rows->GetColumnByName(name) != nullptr, name == "gsd") << name;
    }
  }
  const json kept = json::parse(Overflow(*rows)).at("properties");
  EXPECT_EQ(kept.at("year"), 2020);
  EXPECT_EQ(kept.at("GSD"), 20);  // gsd is a declared name and took the column
  EXPECT_EQ(kept.at("collection"), "other");
  EXPECT_EQ(ValueText(*rows, "collection"), "c");
}

TEST(ItemEncoder, OverflowIsAPartOfTheItem) {
  json item = ItemWith({{"datetime", nullptr}, {"new", {{"x", 1.50}}}});
  item["foreign"] = {1, 2};
  item["bbox"] = {1, 2, 0, 3, 4, 100};
  item["assets"]["other"] = {{"href", "x"}};
  const auto rows = Encode({item.dump()}).rows;
  EXPECT_EQ(json::parse(Overflow(*rows)),
            json::parse(R"({"assets":{"data":{"href":"https://example.com/a.tif"},
      "other":{"href":"x"}},"bbox":[1,2,0,3,4,100],"foreign":[1,2],"properties":{"datetime":null,"new":{"x":1.5}}})"));
  EXPECT_EQ(ValueText(*rows, "bbox"),
            "{xmin:double = 7.5, ymin:double = 46, xmax:double = 7.5, ymax:double = 46}");
}

TEST(ItemEncoder, IntegersThatNoDoubleHoldsAreKeptInOverflow) {
  json item = ItemWith({{"gsd", 0}});
  item["bbox"] = {1, 2, 3, 9007199254740993};
  std::string text = item.dump();
  text.replace(text.find("\"gsd\":0"), 7, "\"gsd\":18446744073709551617");  // 2^64 + 1
  const auto rows = Encode({text}, EvolveOrDie(InitialSchema(), Encode({text}).additions)).rows;
  EXPECT_EQ(Overflow(*rows),
            R"({"properties":{"gsd":18446744073709551617},"bbox":[1,2,3,9007199254740993]})");
  EXPECT_EQ(Decode(*rows, 0).at("bbox"), item["bbox"]);
}

TEST(ItemEncoder, AnExplicitNullIsItsTextInOverflow) {
  const auto schema = EvolveOrDie(InitialSchema(), Encode({ItemWith({}).dump()}).additions);
  EXPECT_EQ(Overflow(*Encode({ItemWith({{"datetime", nullptr}}).dump()}, schema).rows),
            R"({"properties":{"datetime":null}})");
}

TEST(ItemEncoder, OverflowKeepsTheExactText) {
  const std::string text =
      R"({"type":"Feature","stac_version":"1.0.0","id":"a","geometry":null,"links":[],"assets":{},
      "properties":{"x" : { "n" : 1.500, "big" : 123456789012345678901234567890, "huge":1e400, "s":"\u00e9\/" }}})";
  EXPECT_EQ(
      Overflow(*Encode({text}).rows),
      R"({"assets":{},"properties":{"x":{"n":1.500,"big":123456789012345678901234567890,"huge":1e400,"s":"\u00e9\/"}}})");
}

TEST(ItemEncoder, NumbersThatTheirColumnWouldChangeStayInOverflow) {
  const auto schema =
      EvolveOrDie(InitialSchema(),
                  arrow::schema({arrow::field("i", arrow::int64()), arrow::field("d", arrow::float64())}));
  const auto row = [&](const char* value) {
    std::string text = ItemWith({{"i", "@"}, {"d", "@"}}).dump();
    for (size_t at = text.find("\"@\""); at != std::string::npos; at = text.find("\"@\""))
      text.replace(at, 3, value);
    const auto rows = Encode({text}, schema).rows;
    return ValueText(*rows, "i") + " " + ValueText(*rows, "d") + " " +
           json::parse(Overflow(*rows)).value("properties", json::object()).dump();
  };
  EXPECT_EQ(row("5"), "5 5 {}");
  EXPECT_EQ(row("5.0"), "5 5 {}");
  EXPECT_EQ(row("2.5"), "null 2.5 {\"i\":2.5}");
  EXPECT_EQ(row("9007199254740993"), "9007199254740993 null {\"d\":9007199254740993}");
  EXPECT_EQ(row("9007199254740992"), "9007199254740992 9.007199254740992e+15 {}");
  EXPECT_EQ(row("-9223372036854775808"), "-9223372036854775808 -9.223372036854776e+18 {}");
  EXPECT_EQ(row("9223372036854775807"), "9223372036854775807 null {\"d\":9223372036854775807}");
  EXPECT_EQ(row("18446744073709551615"), "null null {\"d\":18446744073709551615,\"i\":18446744073709551615}");
  EXPECT_EQ(row("1e300"), "null 1e+300 {\"i\":1e+300}");
}

std::string MisfitsOf(const std::vector<std::string>& items, const std::shared_ptr<arrow::Schema>& schema) {
  std::string text;
  for (const auto& [row, id, misfit] : Encode(items, schema).misfits) {
    text += fmt::format("{} {} {} {}; ", row, id, misfit.column, misfit.value);
  }
  return text;
}

TEST(ItemEncoder, MisfitsAreValuesThatTheirColumnDoesNotHold) {
  json first = ItemWith({{"n", 1}, {"t", "x"}, {"s", {{"m", true}}}, {"l", {1}}, {"o", {{"p", "q"}}}});
  first["assets"]["B.1"] = {{"href", "x"}, {"size", 1}};
  const auto schema = EvolveOrDie(InitialSchema(), Encode({first.dump()}).additions);
  EXPECT_EQ(MisfitsOf({first.dump()}, schema), "");
  json second = ItemWith({{"n", "one"},
                          {"t", {1, 2}},
                          {"s", {{"m", 0}, {"new", 1}}},
                          {"l", {1, "2"}},
                          {"o", nullptr},
                          {"datetime", "soon"},
                          {"created", "2024-05-01T12:11:12+02:00"},
                          {"year", 2020},
                          {"unknown", 5}});
  second["id"] = "second \"item\"";
  second["assets"]["B.1"] = {{"href", 7}, {"size", 2.5}};
  second["bbox"] = {1, 2, 0, 3, 4, 100};
  second["foreign"] = 1;
  EXPECT_EQ(MisfitsOf({first.dump(), second.dump(2)}, schema),
            "1 second \"item\" assets.B.1.href 7; 1 second \"item\" datetime \"soon\"; "
            "1 second \"item\" l [1,\"2\"]; 1 second \"item\" n \"one\"; 1 second \"item\" s.m 0; "
            "1 second \"item\" s.new 1; 1 second \"item\" t [1,2]; 1 second \"item\" unknown 5; "
            "1 second \"item\" year 2020; ");
  second["properties"]["n"] = std::string(100, 'x');
  EXPECT_THAT(MisfitsOf({second.dump()}, schema), HasSubstr(" n \"" + std::string(56, 'x') + "…; "));
}

// Their column cannot be, now or later: engines take the names for the same, or for the table's own.
TEST(ItemEncoder, DangerNamesThatAreTakenLeaveForTheOverflowUnannounced) {
  json item = ItemWith({{"score", 1},
                        {"Score", 2},
                        {"a", {{"b", 1}}},
                        {"a.b", 2},
                        {"year", 2020},
                        {"GRID_PARTITION", "x"},
                        {"_file", "y"}});
  item["assets"] = {{"B1", {{"href", "x"}}}, {"b1", {{"href", "y"}}}};
  const auto schema = EvolveOrDie(InitialSchema(), Encode({item.dump()}).additions);
  std::map<std::string, std::string> found;
  for (const auto& [row, id, misfit] : Encode({item.dump()}, schema).misfits) {
    EXPECT_FALSE(misfit.has_column) << misfit.column;
    found[misfit.column] = misfit.value;
  }
  EXPECT_THAT(found, testing::UnorderedElementsAre(Pair("score", "1"), Pair("a.b", "2"), Pair("year", "2020"),
                                                   Pair("_file", "\"y\""), Pair("GRID_PARTITION", "\"x\""),
                                                   Pair("assets.b1", "{\"href\":\"y\"}")));
}

TEST(ItemEncoder, WhatNoColumnCanHoldAnywhereIsNoMisfit) {
  json item = ItemWith({{"nothing", nullptr},
                        {"list", {nullptr, json::object()}},
                        {"object", {{"x", json::array()}}},
                        {"proj:geometry", {{"type", "Point"}, {"coordinates", {1, 2}}}}});
  item["foreign"] = 1;
  EXPECT_EQ(MisfitsOf({item.dump()}, InitialSchema()), "");
}

// The danger: a table without room for more columns does not say which ones it has none for.
TEST(ItemEncoder, DangerWhatHasNoRoomIsNotNamed) {
  json properties = json::object();
  for (int i = 0; i < kMaxLeaves; ++i) properties[fmt::format("p{:04}", i)] = i;
  const json item = ItemWith(properties);
  const auto schema = EvolveOrDie(InitialSchema(), Encode({item.dump()}).additions);
  const auto misfits = Encode({item.dump()}, schema).misfits;
  ASSERT_FALSE(misfits.empty());
  for (const auto& [row, id, misfit] : misfits) {
    EXPECT_FALSE(misfit.has_column);
    EXPECT_EQ(schema->GetFieldByName(misfit.column), nullptr);
  }
  EXPECT_EQ(misfits.back().misfit.column, "p0999");
  EXPECT_EQ(misfits.back().misfit.value, "999");
}

TEST(ItemEncoder, TimestampsAreInstantsAndTheirTextComesBack) {
  const std::vector<std::pair<std::string, std::string>> texts = {
      {"2024-05-01T10:11:12Z", "2024-05-01 10:11:12.000000Z"},
      {"2024-05-01T10:11:12.345Z", "2024-05-01 10:11:12.345000Z"},
      {"2024-05-01T10:11:12.000000Z", "2024-05-01 10:11:12.000000Z"},
      {"2024-05-01T12:11:12+02:00", "2024-05-01 10:11:12.000000Z"},
      {"2024-05-01 10:11:12.1234567Z", "2024-05-01 10:11:12.123456Z"},
      {"2016-12-31T23:59:60Z", "2016-12-31 23:59:59.000000Z"},
      {"2024-05-01", "null"},
      {"yesterday", "null"},
      {"", "null"},
  };
  for (const auto& [text, instant] : texts) {
    const auto rows = RowOf({{"datetime", text}});
    EXPECT_EQ(ValueText(*rows, "datetime"), instant) << text;
    EXPECT_EQ(Decode(*rows, 0).at("properties").at("datetime"), text);
  }
}

TEST(ItemEncoder, AListThatDoesNotFitIsInOverflowAsAWhole) {
  const auto schema = EvolveOrDie(InitialSchema(), Encode({ItemWith({{"l", {1, 2}}}).dump()}).additions);
  const auto row = [&](const json& list) { return Encode({ItemWith({{"l", list}}).dump()}, schema).rows; };
  EXPECT_EQ(Overflow(*row({3, nullptr})), "");
  EXPECT_EQ(Overflow(*row(json::array())), "");
  EXPECT_EQ(ValueText(*row({3, "x"}), "l"), "null");
  EXPECT_EQ(Overflow(*row({3, "x"})), R"({"properties":{"l":[3,"x"]}})");
  json item = ItemWith({});
  item["links"] = {{{"rel", "self"}, {"href", "h"}}, {{"rel", "x"}, {"href", "h"}, {"title", nullptr}}};
  const auto rows = Encode({item.dump()}, schema).rows;
  EXPECT_EQ(ValueText(*rows, "links"), "null");
  EXPECT_EQ(Decode(*rows, 0), item);
}

TEST(ItemEncoder, EmptyAssetsAreAnEmptyStructWhereThereIsAColumn) {
  json item = ItemWith({});
  item["assets"] = json::object();
  EXPECT_EQ(Overflow(*Encode({item.dump()}).rows), R"({"assets":{}})");
  const auto schema = EvolveOrDie(InitialSchema(), Encode({ItemWith({}).dump()}).additions);
  const auto rows = Encode({item.dump()}, schema).rows;
  EXPECT_EQ(Overflow(*rows), "");
  EXPECT_TRUE(rows->GetColumnByName("assets")->IsValid(0));
  EXPECT_EQ(Decode(*rows, 0), item);
}

// Readers of assets want a map, and an href in each asset.
TEST(ItemEncoder, AssetsWithoutColumnsLeaveNoHalfAssetsBehind) {
  const auto schema = EvolveOrDie(InitialSchema(), Encode({ItemWith({}).dump()}).additions);
  json item = ItemWith({});
  item["assets"] = {{"data", {{"title", "new"}}}, {"other", {{"href", "x"}}}};
  const auto rows = Encode({item.dump()}, schema).rows;
  const auto assets = std::static_pointer_cast<arrow::StructArray>(rows->GetColumnByName("assets"));
  EXPECT_TRUE(assets->IsValid(0));
  EXPECT_TRUE(assets->GetFieldByName("data")->IsNull(0));
  EXPECT_EQ(Decode(*rows, 0), item);
}

TEST(ItemEncoder, DeclaredTypesHoldWhicheverItemComesFirst) {
  const auto whole =
      Encode({ItemWith({{"gsd", 10}, {"proj:bbox", {1, 2, 3, 4}}, {"naip:year", 2020}}).dump()});
  const auto columns = ColumnsOf(whole.additions);
  EXPECT_EQ(TypeText(*columns, "gsd"), "double");
  EXPECT_EQ(TypeText(*columns, "proj:bbox"), "list<element: double>");
  EXPECT_EQ(TypeText(*columns, "naip:year"), "string");
  json item = ItemWith({});
  item["assets"]["data"]["eo:bands"] = {{{"name", "B1"}, {"center_wavelength", 1}}};
  item["assets"]["data"]["created"] = "2024-05-01T10:11:12Z";
  EXPECT_THAT(
      TypeText(*ColumnsOf(Encode({item.dump()}).additions), "assets"),
      HasSubstr("created: string, eo:bands: list<element: struct<center_wavelength: double, name: string>>"));
}

// --- what is refused
// ---------------------------------------------------------------------------------------------

struct Refused {
  std::string text;
  std::string kind;
  std::string message;
};

std::string Without(const std::string& member) {
  json item = ItemWith({});
  item.erase(member);
  return item.dump();
}

std::string With(const std::string& member, const json& value) {
  json item = ItemWith({});
  item[member] = value;
  return item.dump();
}

std::string WithText(const std::string& text) {
  const std::string item = ItemWith({}).dump();
  return item.substr(0, item.size() - 1) + text;
}

std::vector<Refused> RefusedTexts() {
  return {
      {"", "invalid_json", "$: the text ends"},
      {"<html>404</html>", "invalid_json", "$: at byte 0 stands <html>"},
      {"[]", "not_an_item", "$: it is not an object"},
      {"\"Feature\"", "not_an_item", "$: it is not an object"},
      {"{}", "not_an_item", "$: it has no \"type\""},
      {WithText(""), "invalid_json", "the text ends"},
      {WithText("} {}"), "invalid_json", "more text"},
      {WithText(",}"), "invalid_json", "a key"},
      {WithText(",\"x\":{\"y\":tru}}"), "invalid_json", "$.x: at byte"},
      {WithText(",\"x\":\"\xff\"}"), "invalid_json", "not UTF-8"},
      {WithText(",\"x\":{\"a\":1,\"a\":2}}"), "invalid_json", "$.x: the key \"a\" comes twice"},
      {WithText(",\"id\":\"b\"}"), "invalid_json", "the key \"id\" comes twice"},
      {WithText(",\"f\":1,\"f\":1}"), "invalid_json", "the key \"f\" comes twice"},
      {WithText(",\"x\":" + std::string(10'000, '[') + "}"), "invalid_json", "deeper than 500"},
      {Without("id"), "not_an_item", "no \"id\""},
      {Without("geometry"), "not_an_item", "no \"geometry\""},
      {Without("links"), "not_an_item", "no \"links\""},
      {Without("assets"), "not_an_item", "no \"assets\""},
      {Without("properties"), "not_an_item", "no \"properties\""},
      {Without("stac_version"), "not_an_item", "no \"stac_version\""},
      {With("type", "FeatureCollection"), "not_an_item", "$.type: \"FeatureCollection\" is not \"Feature\""},
      {With("id", ""), "not_an_item", "$.id: "},
      {With("id", 5), "not_an_item", "$.id: it is not a string"},
      {With("id", nullptr), "not_an_item", "$.id: "},
      {With("collection", 5), "not_an_item", "$.collection: it is not a string"},
      {With("links", json::object()), "not_an_item", "$.links: it is not a list"},
      {With("assets", json::array()), "not_an_item", "$.assets: it is not an object"},
      {With("properties", nullptr), "not_an_item", "$.properties: it is not an object"},
      {With("stac_version", 1.0), "not_an_item", "$.stac_version: it is not a string"},
      {With("geometry", {{"type", "Point"}, {"coordinates", {1}}}), "bad_geometry",
       "$.geometry.coordinates: "},
  };
}

TEST(ItemEncoder, RefusalsSayWhatAndWhere) {
  for (const auto& [text, kind, message] : RefusedTexts()) {
    const auto rejection = MakeEncoder()->Append(text);
    ASSERT_TRUE(rejection.has_value()) << text;
    EXPECT_EQ(rejection->kind, kind) << text.substr(0, 300) << "\n" << rejection->message;
    EXPECT_THAT(rejection->message, HasSubstr(message)) << text.substr(0, 300);
    EXPECT_THAT(rejection->message, Not(HasSubstr("\n")));
  }
}

TEST(ItemEncoder, DangerAnEscapedTextIsAnotherText) {
  const std::string plain = ItemWith({{"gsd", 10}, {"updated", "2024-05-02T00:00:00Z"}}).dump();
  const EncodedItems expected = EncodeEvolved({plain});
  const EncodedItems actual = EncodeEvolved({Escaped(plain)});
  EXPECT_TRUE(actual.rows->Equals(*expected.rows, /*check_metadata=*/true)) << actual.rows->ToString();
  const auto refused = MakeEncoder()->Append(Escaped(With("type", "Featured")));
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->message, "$.type: \"Featured\" is not \"Feature\"");
}

TEST(ItemEncoder, ARefusedItemLeavesNoTrace) {
  json good = ItemWith(
      {{"gsd", 10}, {"datetime", "2024-05-01T12:11:12+02:00"}, {"l", {{{"a", 1}}}}, {"only", "good"}});
  good["links"] = {{{"rel", "self"}, {"href", "h"}}};
  const auto schema = EvolveOrDie(InitialSchema(), Encode({good.dump()}).additions);
  const EncodedItems expected = Encode({good.dump(), good.dump()}, schema);

  const auto encoder = MakeEncoder(schema);
  // Every way of breaking off in the middle, and new columns that come with what is refused.
  json bad = good;
  bad["brand_new"] = 1;
  bad["properties"]["brand_new"] = 1;
  const std::string bad_text = bad.dump();
  const auto refuse_all = [&] {
    for (size_t size = 0; size < bad_text.size(); ++size)
      ASSERT_TRUE(encoder->Append(bad_text.substr(0, size)).has_value());
    for (const auto& refused : RefusedTexts()) ASSERT_TRUE(encoder->Append(refused.text).has_value());
  };
  refuse_all();
  ASSERT_FALSE(encoder->Append(good.dump()).has_value());
  refuse_all();
  ASSERT_FALSE(encoder->Append(good.dump()).has_value());
  refuse_all();
  const EncodedItems encoded = *encoder->Finish();
  ASSERT_TRUE(encoded.rows->ValidateFull().ok());
  EXPECT_TRUE(encoded.rows->Equals(*expected.rows));
  EXPECT_EQ(encoded.additions, nullptr);
}

TEST(ItemEncoder, IsReusableAfterFinish) {
  const std::vector<std::string> items = {ItemWith({{"a", 1}}).dump(), ItemWith({{"b", "x"}}).dump()};
  const auto encoder = MakeEncoder();
  std::shared_ptr<arrow::RecordBatch> last;
  for (int i = 0; i < 3; ++i) {
    for (const auto& item : items) ASSERT_FALSE(encoder->Append(item).has_value());
    const EncodedItems encoded = *encoder->Finish();
    EXPECT_TRUE(last == nullptr || encoded.rows->Equals(*last));
    last = encoded.rows;
  }
  EXPECT_EQ((*encoder->Finish()).rows->num_rows(), 0);
  EXPECT_EQ(last->num_rows(), 2);
}

TEST(ItemEncoder, AByteOrderMarkIsIgnored) {
  EXPECT_FALSE(MakeEncoder()->Append("\xEF\xBB\xBF" + ItemWith({}).dump()).has_value());
}

TEST(ItemEncoder, AnOverflowColumnThatIsNotTextIsAnError) {
  EXPECT_FALSE(MakeItemEncoder(arrow::schema({arrow::field("_overflow", arrow::int64())})).ok());
}

TEST(ItemEncoder, TypesThatNoJsonValueHasBecomeNulls) {
  const auto schema = EvolveOrDie(InitialSchema(), arrow::schema({arrow::field("day", arrow::date32()),
                                                                  arrow::field("raw", arrow::binary())}));
  const json item = ItemWith({{"day", "2024-05-01"}, {"raw", "AA=="}});
  const auto rows = Encode({item.dump()}, schema).rows;
  EXPECT_EQ(ValueText(*rows, "day"), "null");
  EXPECT_EQ(Decode(*rows, 0), item);
}

}  // namespace
}  // namespace earthcatalog::item
