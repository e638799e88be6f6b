// Every error says which column or row it is about.
#include <gmock/gmock.h>

#include "earthcatalog/geoparquet/writer.h"
#include "unit/geoparquet/example_rows.h"

namespace earthcatalog::geoparquet {
namespace {

using arrow::field;
using testing::HasSubstr;

std::string ErrorOf(const arrow::FieldVector& fields) {
  return MakeWriter(WithIds(fields)).status().message();
}

std::string WriteErrorOf(const std::shared_ptr<arrow::Schema>& schema, const arrow::ArrayVector& columns) {
  const auto writer = MakeWriter(schema).ValueOrDie();
  return writer->Write(*arrow::RecordBatch::Make(schema, columns[0]->length(), columns)).status().message();
}

TEST(Errors, AGeometryColumnIsNeeded) {
  EXPECT_THAT(ErrorOf({field("id", arrow::utf8())}), HasSubstr("geometry"));
  EXPECT_THAT(ErrorOf({field("geometry", arrow::utf8())}), HasSubstr("geometry"));
}

TEST(Errors, AColumnWithoutAnIdIsNamed) {
  const auto inner = arrow::struct_({field("xmin", arrow::float64())});
  const auto id = arrow::key_value_metadata({"PARQUET:field_id"}, {"1"});
  const auto schema = arrow::schema({field("bbox", inner)->WithMetadata(id)});
  EXPECT_THAT(MakeWriter(schema).status().message(), HasSubstr("`xmin` has no field id"));
}

TEST(Errors, AnUnknownTypeIsNamedWithItsColumn) {
  const auto shape = arrow::struct_({field("rows", arrow::list(field("element", arrow::uint16())))});
  const std::string error = ErrorOf({field("geometry", arrow::binary()), field("shape", shape)});
  EXPECT_THAT(error, HasSubstr("shape.rows.list.element"));
  EXPECT_THAT(error, HasSubstr("uint16"));
  EXPECT_THAT(
      ErrorOf({field("geometry", arrow::binary()), field("at", arrow::timestamp(arrow::TimeUnit::NANO))}),
      HasSubstr("timestamp[ns]"));
}

TEST(Errors, NoRowsAreNoFile) {
  const auto writer = MakeWriter(ExampleSchema()).ValueOrDie();
  EXPECT_THAT(writer->Write(*ExampleRows(0, 3)->Slice(0, 0)).status().message(),
              HasSubstr("at least one row"));
}

TEST(Errors, RowsOfAnotherSchemaAreRefused) {
  const auto writer = MakeWriter(ExampleSchema()).ValueOrDie();
  const auto rows = ExampleRows(0, 3)->RemoveColumn(0).ValueOrDie();
  EXPECT_THAT(writer->Write(*rows).status().message(), HasSubstr("other columns"));
}

TEST(Errors, ABrokenGeometryIsNamedByItsRow) {
  const auto schema = WithIds({field("geometry", arrow::binary())});
  const std::string cut = SquareWkb(0, 0).substr(0, 40);
  EXPECT_THAT(WriteErrorOf(schema, {GeometryColumn({SquareWkb(0, 0), "", cut})}),
              HasSubstr("geometry of row 2"));
}

// The danger: a null written as a value into a column that readers take for complete.
TEST(Errors, ANullInARequiredColumnIsRefused) {
  const auto schema = WithIds({field("geometry", arrow::binary()), field("id", arrow::utf8(), false)});
  for (const int repeats : {1, 1500}) {
    std::string ids = R"(["a", null)";
    for (int i = 1; i < repeats; ++i) ids += R"(, "b")";
    const auto column = FromJson(arrow::utf8(), ids + "]");
    const auto nulls = GeometryColumn(std::vector<std::string>(static_cast<size_t>(column->length())));
    EXPECT_THAT(WriteErrorOf(schema, {nulls, column}), HasSubstr("column id must not be null"));
  }
}

}  // namespace
}  // namespace earthcatalog::geoparquet
