// Tables written by earthcatalog 0.5 and 0.6: nested members are JSON text, numbers have 32 bits here and
// there, and there is no overflow column.
#include "unit/item/item_testing.h"

namespace earthcatalog::item {
namespace {

using arrow::field;

std::shared_ptr<arrow::Schema> OlderSchema() {
  const auto text = arrow::utf8();
  const auto time = DeclaredType("datetime");
  return arrow::schema({field("id", text), field("grid_partition", text), field("geometry", arrow::binary()),
                        field("datetime", time), field("platform", text),
                        field("percent_valid_pixels", arrow::int64()), field("date_dt", arrow::int32()),
                        field("assets", text), field("links", text), field("stac_version", text),
                        field("type", text), field("mid_datetime", text), field("stac_extensions", text),
                        field("collection", text), field("latitude", arrow::float32()), field("bbox", text),
                        field("scene", text)});
}

std::shared_ptr<arrow::Schema> GrownSchema() { return EvolveOrDie(OlderSchema(), InitialSchema()); }

json OlderItem() {
  json item = ItemWith(
      {{"platform", "S1"}, {"mid_datetime", "2024-05-01T00:00:00Z"}, {"date_dt", 12}, {"latitude", 70.5}});
  item["stac_extensions"] = {"https://example.com/schema.json"};
  item["links"] = {{{"rel", "self"}, {"href", "h"}, {"extra", nullptr}}};
  return item;
}

TEST(OlderTable, NestedMembersAreWrittenAsJsonText) {
  const json item = OlderItem();
  const auto encoded = Encode({item.dump(2)}, OlderSchema());
  EXPECT_EQ(encoded.additions, nullptr);
  EXPECT_EQ(ValueText(*encoded.rows, "assets"), R"({"data":{"href":"https://example.com/a.tif"}})");
  EXPECT_EQ(ValueText(*encoded.rows, "links"), R"([{"extra":null,"href":"h","rel":"self"}])");
  EXPECT_EQ(ValueText(*encoded.rows, "bbox"), "[7.5,46,7.5,46]");
  EXPECT_EQ(ValueText(*encoded.rows, "stac_extensions"), R"(["https://example.com/schema.json"])");
  EXPECT_EQ(Decode(*encoded.rows, 0), item);
}

TEST(OlderTable, WithoutAnOverflowColumnTheAdditionsDemandOne) {
  const json item = ItemWith({{"datetime", nullptr}});
  const auto encoded = Encode({item.dump()}, OlderSchema());
  ASSERT_NE(encoded.additions, nullptr);
  EXPECT_EQ(TypeText(*ColumnsOf(encoded.additions, OlderSchema()), "_overflow"), "string");
  const auto schema = EvolveOrDie(OlderSchema(), encoded.additions);
  EXPECT_EQ(schema->fields().back()->name(), "_overflow");
  EXPECT_EQ(Decode(*Encode({item.dump()}, schema).rows, 0), item);
}

TEST(OlderTable, AnObjectInATextColumnIsJsonTextAndComesBackAsAnObject) {
  for (const json& scene : {json{{"a", 1}}, json{1, 2}, json("{\"a\":1}"), json(5), json(nullptr)}) {
    json item = OlderItem();
    item["properties"]["scene"] = scene;
    const auto rows = Encode({item.dump()}, GrownSchema()).rows;
    EXPECT_EQ(Decode(*rows, 0), item);
    EXPECT_TRUE(!scene.is_structured() || ValueText(*rows, "scene") == scene.dump()) << scene;
  }
}

TEST(OlderTable, NumbersThatItsNarrowColumnsWouldChangeStayInOverflowOrWidenThem) {
  json item = OlderItem();
  item["properties"]["percent_valid_pixels"] = 50.5;
  item["properties"]["date_dt"] = 3'000'000'000;
  item["properties"]["latitude"] = 0.1;
  const auto encoded = Encode({item.dump()}, GrownSchema());
  EXPECT_EQ(Decode(*encoded.rows, 0), item);
  EXPECT_EQ(ValueText(*encoded.rows, "date_dt"), "null");
  const auto schema = EvolveOrDie(GrownSchema(), encoded.additions);
  EXPECT_EQ(TypeText(*schema, "percent_valid_pixels"), "int64");
  EXPECT_EQ(TypeText(*schema, "latitude"), "double");
  EXPECT_EQ(Decode(*Encode({item.dump()}, schema).rows, 0), item);
}

}  // namespace
}  // namespace earthcatalog::item
