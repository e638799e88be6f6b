#include "earthcatalog/item/item_schema.h"

#include <arrow/util/key_value_metadata.h>

#include <random>

#include "unit/item/item_testing.h"

namespace earthcatalog::item {
namespace {

using arrow::field;
using arrow::schema;
using testing::ElementsAre;
using TypePtr = std::shared_ptr<arrow::DataType>;

const TypePtr kText = arrow::utf8();
const TypePtr kInt = arrow::int64();
const TypePtr kDouble = arrow::float64();

TypePtr List(const TypePtr& element) { return arrow::list(field("element", element)); }

std::vector<std::string> Names(const arrow::Schema& columns) { return columns.field_names(); }

std::shared_ptr<arrow::Schema> Base(arrow::FieldVector fields = {}) {
  fields.push_back(field("_overflow", kText));
  fields.push_back(field("grid_partition", kText));
  return schema(fields);
}

TEST(InitialSchema, HasTheFixedMembersAndEndsInTheProjectsColumns) {
  EXPECT_THAT(Names(*InitialSchema()),
              ElementsAre("id", "type", "stac_version", "stac_extensions", "collection", "geometry", "bbox",
                          "links", "datetime", "start_datetime", "end_datetime", "created", "updated",
                          "platform", "_overflow", "grid_partition"));
  EXPECT_EQ(TypeText(*InitialSchema(), "bbox"),
            "struct<xmin: double, ymin: double, xmax: double, ymax: double>");
  EXPECT_EQ(TypeText(*InitialSchema(), "datetime"), "timestamp[us, tz=UTC]");
  EXPECT_EQ(TypeText(*InitialSchema(), "geometry"), "binary");
}

TEST(DeclaredType, NumbersThatAreSometimesWholeAreDoubles) {
  for (const char* name : {"gsd", "eo:cloud_cover", "view:off_nadir", "percent_valid_pixels"}) {
    EXPECT_TRUE(DeclaredType(name)->Equals(kDouble)) << name;
  }
  EXPECT_TRUE(DeclaredType("proj:epsg")->Equals(kInt));
  EXPECT_TRUE(DeclaredType("proj:bbox")->Equals(List(kDouble)));
  EXPECT_TRUE(DeclaredType("instruments")->Equals(List(kText)));
  EXPECT_EQ(DeclaredType("something:else"), nullptr);
}

TEST(DeclaredType, TimestampsAreThoseThatStacGeoparquetTurnsBackIntoText) {
  for (const char* name : {"datetime", "start_datetime", "end_datetime", "created", "updated", "expires",
                           "published", "unpublished"}) {
    EXPECT_EQ(DeclaredType(name)->id(), arrow::Type::TIMESTAMP) << name;
    EXPECT_EQ(DeclaredNestedType(name), nullptr) << name;
  }
  EXPECT_TRUE(DeclaredType("sat:anx_datetime")->Equals(kText));
}

TypePtr RandomType(std::mt19937* random, int depth) {
  const TypePtr scalars[] = {arrow::boolean(), arrow::int32(), kInt,
                             arrow::float32(), kDouble,        kText,
                             arrow::binary(),  arrow::null(),  DeclaredType("datetime")};
  const unsigned choice = (*random)() % (depth > 0 ? 14 : 9);
  if (choice < 9) return scalars[choice];
  if (choice < 11) return List(RandomType(random, depth - 1));
  arrow::FieldVector fields;
  for (const char* name : {"a", "b", "c"}) {
    if ((*random)() % 2 == 0) fields.push_back(field(name, RandomType(random, depth - 1)));
  }
  return arrow::struct_(fields);
}

TEST(CommonType, IsCommutativeAssociativeAndIdempotent) {
  std::mt19937 random(1);
  for (int i = 0; i < 50'000; ++i) {
    const auto a = RandomType(&random, 2), b = RandomType(&random, 2), c = RandomType(&random, 2);
    ASSERT_TRUE(CommonType(a, b)->Equals(*CommonType(b, a))) << a->ToString() << " " << b->ToString();
    ASSERT_TRUE(CommonType(CommonType(a, b), c)->Equals(*CommonType(a, CommonType(b, c))))
        << a->ToString() << " " << b->ToString() << " " << c->ToString();
    const auto common = CommonType(a, b);
    ASSERT_TRUE(CommonType(common, a)->Equals(*common)) << a->ToString() << " " << b->ToString();
  }
}

TEST(CommonType, WidensNumbersAndUnitesStructs) {
  EXPECT_TRUE(CommonType(arrow::int32(), kInt)->Equals(kInt));
  EXPECT_TRUE(CommonType(kInt, kDouble)->Equals(kDouble));
  EXPECT_TRUE(CommonType(arrow::float32(), arrow::int32())->Equals(kDouble));
  EXPECT_TRUE(CommonType(kInt, kText)->Equals(arrow::null()));
  EXPECT_EQ(CommonType(arrow::struct_({field("b", kInt), field("a", kText)}),
                       arrow::struct_({field("c", List(kInt)), field("b", kDouble)}))
                ->ToString(),
            "struct<a: string, b: double, c: list<element: int64>>");
}

TEST(Evolve, NewColumnsComeBeforeOverflowSortedByName) {
  const auto grown = EvolveOrDie(Base({field("z", kInt), field("b", kText)}),
                                 schema({field("y", kInt), field("a", kDouble), field("b", kText)}));
  EXPECT_THAT(Names(*grown), ElementsAre("z", "b", "a", "y", "_overflow", "grid_partition"));
}

TEST(Evolve, ExistingColumnsKeepTheirTypeUnlessItWidens) {
  const auto current = Base({field("i", arrow::int32()), field("f", arrow::float32()), field("l", kInt),
                             field("t", kText), field("s", arrow::struct_({field("n", arrow::int32())}))});
  const auto grown = EvolveOrDie(current, schema({field("i", kInt), field("f", kDouble), field("l", kDouble),
                                                  field("t", arrow::struct_({field("a", kInt)})),
                                                  field("s", arrow::struct_({field("n", kInt)}))}));
  EXPECT_EQ(TypeText(*grown, "i"), "int64");
  EXPECT_EQ(TypeText(*grown, "f"), "double");
  EXPECT_EQ(TypeText(*grown, "l"), "int64");
  EXPECT_EQ(TypeText(*grown, "t"), "string");
  EXPECT_EQ(TypeText(*grown, "s"), "struct<n: int64>");
}

TEST(Evolve, GrowsInsideStructsAndLists) {
  const auto current =
      Base({field("assets", arrow::struct_({field("b", arrow::struct_({field("href", kText)}))})),
            field("links", List(arrow::struct_({field("rel", kText)})))});
  const auto grown = EvolveOrDie(
      current, schema({field("assets", arrow::struct_({field("a", arrow::struct_({field("href", kText)})),
                                                       field("b", arrow::struct_({field("size", kInt)}))})),
                       field("links", List(arrow::struct_({field("href", kText)})))}));
  EXPECT_EQ(TypeText(*grown, "assets"),
            "struct<b: struct<href: string, size: int64>, a: struct<href: string>>");
  EXPECT_EQ(TypeText(*grown, "links"), "list<element: struct<rel: string, href: string>>");
}

TEST(Evolve, KeepsFieldIdsOfExistingFields) {
  const auto id = [](const char* text) { return arrow::key_value_metadata({{"PARQUET:field_id", text}}); };
  const auto element = field("element", kText, true, id("3"));
  const auto current = Base({field("s", arrow::struct_({field("n", kInt, true, id("2"))}), true, id("1")),
                             field("l", arrow::list(element), true, id("4"))});
  const auto grown =
      EvolveOrDie(current, schema({field("s", arrow::struct_({field("m", kInt)})), field("x", kInt)}));
  EXPECT_TRUE(grown->GetFieldByName("s")->metadata()->Equals(*id("1")));
  EXPECT_TRUE(grown->GetFieldByName("s")->type()->field(0)->metadata()->Equals(*id("2")));
  EXPECT_TRUE(grown->GetFieldByName("l")->Equals(current->GetFieldByName("l"), true));
  EXPECT_EQ(grown->GetFieldByName("x")->metadata(), nullptr);
}

TEST(Evolve, GivesBackTheSameSchemaWhenNothingChanges) {
  const auto current = InitialSchema();
  EXPECT_EQ(EvolveOrDie(current, schema({field("id", kText), field("links", kInt)})).get(), current.get());
}

TEST(Evolve, ColumnsThatOtherEnginesRefuseAreLeftOut) {
  const auto current = Base({field("gsd", kDouble), field("a", arrow::struct_({field("b", kInt)}))});
  const auto grown = EvolveOrDie(
      current, schema({field("year", kInt), field("Year", kInt), field("GSD", kDouble), field("a.b", kInt),
                       field("A.B", kInt), field("Assets", kInt), field("properties", kInt),
                       field("_pos", kInt), field("proj:geometry", arrow::struct_({field("type", kText)})),
                       field("", kInt), field("new\nline", kInt), field(std::string(300, 'x'), kInt),
                       field("nothing", arrow::struct_({field("x", arrow::null())})), field("ok", kInt)}));
  EXPECT_THAT(Names(*grown), ElementsAre("gsd", "a", "ok", "_overflow", "grid_partition"));
}

TEST(Evolve, OneOfTwoNewNamesThatDifferInCaseAlone) {
  const auto assets = arrow::struct_(
      {field("b01", kInt), field("B01", kInt), field("x", arrow::struct_({field("y", kInt)}))});
  const auto grown = EvolveOrDie(
      Base(), schema({field("assets", assets), field("assets.X", kInt), field("assets.x.Y", kInt)}));
  EXPECT_EQ(TypeText(*grown, "assets"), "struct<B01: int64>") << grown->ToString();
  EXPECT_NE(grown->GetFieldByName("assets.X"), nullptr);
}

TEST(Evolve, TheNumberOfLeavesIsBounded) {
  arrow::FieldVector properties, assets;
  for (int i = 1000; i < 3000; ++i) {
    properties.push_back(field("p" + std::to_string(i), kInt));
    assets.push_back(
        field("a" + std::to_string(i), arrow::struct_({field("href", kText), field("type", kText)})));
  }
  const auto count_leaves = [](const auto& self, const arrow::DataType& type) -> int {
    if (type.num_fields() == 0) return 1;
    int leaves = 0;
    for (const auto& child : type.fields()) leaves += self(self, *child->type());
    return leaves;
  };
  const auto only_assets = EvolveOrDie(Base(), schema({field("assets", arrow::struct_(assets))}));
  EXPECT_EQ(count_leaves(count_leaves, *only_assets->GetFieldByName("assets")->type()), kMaxAssetLeaves);
  auto all = properties;
  all.push_back(field("assets", arrow::struct_(assets)));
  const auto both = EvolveOrDie(only_assets, schema(all));
  EXPECT_EQ(count_leaves(count_leaves, *arrow::struct_(both->fields())), kMaxLeaves);
  EXPECT_NE(both->GetFieldByName("p1000"), nullptr);
  EXPECT_EQ(EvolveOrDie(both, schema(all)).get(), both.get());
  // In one go the properties come first.
  EXPECT_EQ(EvolveOrDie(Base(), schema(all))->GetFieldByName("assets"), nullptr);
}

TEST(Evolve, EveryAssetsHrefHasAPlaceFirst) {
  arrow::FieldVector assets;
  for (int i = 100; i < 300; ++i) {
    arrow::FieldVector members = {field("href", kText)};
    for (const char* name : {"a", "b", "c", "d"}) members.push_back(field(name, kInt));
    assets.push_back(field("x" + std::to_string(i), arrow::struct_(members)));
  }
  const auto full =
      EvolveOrDie(Base(), schema({field("one", kInt), field("assets", arrow::struct_(assets))}));
  const auto& columns = *full->GetFieldByName("assets")->type();
  EXPECT_EQ(columns.num_fields(), 200);
  for (const auto& asset : columns.fields()) {
    const auto& members = static_cast<const arrow::StructType&>(*asset->type());
    EXPECT_NE(members.GetFieldByName("href"), nullptr) << asset->ToString();
  }
}

TEST(Evolve, AnOlderTableGetsTheColumnsItLacks) {
  const auto older = schema({field("id", kText), field("grid_partition", kText), field("bbox", kText)});
  const auto grown = EvolveOrDie(older, InitialSchema());
  EXPECT_EQ(grown->field(0)->name(), "id");
  EXPECT_EQ(grown->field(1)->name(), "grid_partition");
  EXPECT_EQ(TypeText(*grown, "bbox"), "string");
  EXPECT_EQ(grown->fields().back()->name(), "_overflow");
}

}  // namespace
}  // namespace earthcatalog::item
