#include <arrow/util/key_value_metadata.h>

#include <random>

#include "earthcatalog/iceberg/schema.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<arrow::Schema> WithIds(const arrow::Schema& schema) {
  int last_id = 0;
  return Must(AssignFieldIds(schema, nullptr, &last_id));
}

std::shared_ptr<arrow::DataType> RandomType(std::mt19937& random, int depth) {
  static const std::vector<std::shared_ptr<arrow::DataType>> kLeaves = {
      arrow::boolean(),
      arrow::int32(),
      arrow::int64(),
      arrow::float32(),
      arrow::float64(),
      arrow::date32(),
      arrow::utf8(),
      arrow::binary(),
      arrow::time64(arrow::TimeUnit::MICRO),
      arrow::timestamp(arrow::TimeUnit::MICRO),
      arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
      arrow::fixed_size_binary(16),
      arrow::decimal128(9, 2),
  };
  const auto pick = random() % (depth > 0 ? 16 : 13);
  if (pick < 13) return kLeaves[pick];
  const auto child = [&](const char* name, bool nullable) {
    return arrow::field(name, RandomType(random, depth - 1), nullable);
  };
  if (pick == 13) return arrow::list(child("element", random() % 2 == 0));
  if (pick == 14) {
    return std::make_shared<arrow::MapType>(child("key", false), child("value", random() % 2 == 0));
  }
  return arrow::struct_({child("a", true), child("b.c", false)});
}

TEST(SchemaJson, SurvivesTheRoundTripWhateverIsNested) {
  std::mt19937 random(20240501);
  for (int i = 0; i < 300; ++i) {
    arrow::FieldVector fields;
    for (int f = 0; f < 5; ++f) {
      fields.push_back(arrow::field("f" + std::to_string(f), RandomType(random, 3), random() % 2 == 0));
    }
    const auto schema = WithIds(arrow::Schema(fields));
    const auto json = Must(SchemaToJson(*schema, 7));
    const auto back = Must(SchemaFromJson(Must(ParseJson(json.dump(), "schema"))));
    EXPECT_TRUE(back->Equals(*schema, /*check_metadata=*/true)) << json << back->ToString(true);
    EXPECT_EQ(json["schema-id"], 7);
  }
}

TEST(SchemaJson, WritesTheFormOfTheSpecification) {
  const auto json = Must(SchemaToJson(*WithIds(*ItemSchema()), 0));
  EXPECT_EQ(json.dump(), R"({"type":"struct","schema-id":0,"fields":[)"
                         R"({"id":1,"name":"id","required":true,"type":"string"},)"
                         R"({"id":2,"name":"bbox","required":false,"type":{"type":"struct","fields":[)"
                         R"({"id":7,"name":"xmin","required":false,"type":"double"},)"
                         R"({"id":8,"name":"xmax","required":false,"type":"double"}]}},)"
                         R"({"id":3,"name":"datetime","required":false,"type":"timestamptz"},)"
                         R"({"id":4,"name":"keywords","required":false,"type":{"type":"list","element-id":9,)"
                         R"("element":"string","element-required":false}},)"
                         R"({"id":5,"name":"eo:cloud_cover","required":false,"type":"double"},)"
                         R"({"id":6,"name":"grid_partition","required":false,"type":"string"}]})");
}

TEST(SchemaJson, KeepsDescriptions) {
  const Json json = Json::parse(
      R"({"type":"struct","fields":[{"id":4,"name":"id","required":true,"type":"uuid","doc":"the id"}]})");
  EXPECT_EQ(Must(SchemaToJson(*Must(SchemaFromJson(json)), 0))["fields"], json["fields"]);
}

TEST(SchemaJson, NamesTheColumnOfAnUnknownType) {
  const Json json =
      Json::parse(R"({"type":"struct","fields":[{"id":1,"name":"a","required":true,"type":{"type":
      "struct","fields":[{"id":2,"name":"b","required":false,"type":"variant"}]}}]})");
  EXPECT_THAT(SchemaFromJson(json).status(), FailsWith(ErrorKind::kCorrupt, "`a.b` has the type variant"));
  const auto schema = WithIds(*arrow::schema({arrow::field("n", arrow::uint8())}));
  EXPECT_THAT(SchemaToJson(*schema, 0).status(), FailsWith(ErrorKind::kCorrupt, "`n` has the type uint8"));
}

TEST(SchemaJson, RefusesWhatIsNoSchema) {
  for (const char* text :
       {"null", "[]", "{}", R"x({"fields":{}})x", R"x({"fields":[1]})x", R"x({"fields":[{"id":1}]})x"}) {
    EXPECT_EQ(KindOf(SchemaFromJson(Json::parse(text)).status()), ErrorKind::kCorrupt) << text;
  }
  for (const char* type :
       {"null", R"x({"type":"list","element-id":2})x", R"x("fixed[]")x", R"x("fixed[-1]")x", R"x("fixed[3")x",
        R"x("decimal(99, 2)")x", R"x("decimal(2,9)")x", R"x("decimal(2)")x"}) {
    Json json = Json::parse(R"x({"fields":[{"id":1,"name":"a","required":true}]})x");
    json["fields"][0]["type"] = Json::parse(type);
    const bool fine = std::string(type) == R"x("decimal(2)")x";  // a scale left out is 0
    EXPECT_EQ(SchemaFromJson(json).ok(), fine) << type;
  }
}

TEST(SchemaJson, NestingThatWouldOverflowTheStackIsRefused) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_THAT(ParseJson(deep, "it").status(), FailsWith(ErrorKind::kCorrupt, "nested too deeply"));
  EXPECT_OK(ParseJson(R"({"a":"[[[[\"[[["})", "it").status());
}

TEST(NameMapping, NamesEveryFieldAndKeepsOtherNames) {
  const auto schema = WithIds(*ItemSchema());
  const std::string mapping =
      NameMappingJson(*schema, R"([{"field-id":7,"names":["west"]},{"names":["x"]}, 3])");
  EXPECT_EQ(mapping, R"([{"field-id":1,"names":["id"]},{"field-id":2,"names":["bbox"],"fields":[)"
                     R"({"field-id":7,"names":["west","xmin"]},{"field-id":8,"names":["xmax"]}]},)"
                     R"({"field-id":3,"names":["datetime"]},{"field-id":4,"names":["keywords"],"fields":[)"
                     R"({"field-id":9,"names":["element"]}]},{"field-id":5,"names":["eo:cloud_cover"]},)"
                     R"({"field-id":6,"names":["grid_partition"]}])");
  EXPECT_EQ(NameMappingJson(*schema, mapping), mapping);
}

}  // namespace
}  // namespace earthcatalog::iceberg
