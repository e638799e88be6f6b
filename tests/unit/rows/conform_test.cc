#include "earthcatalog/rows/conform.h"

#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

namespace earthcatalog::rows {
namespace {

using arrow::field;
using arrow::json::ArrayFromJSONString;

void ExpectConforms(const std::shared_ptr<arrow::DataType>& from, const std::string& json,
                    const std::shared_ptr<arrow::DataType>& to, const std::string& expected) {
  const auto array = ArrayFromJSONString(from, json).ValueOrDie();
  const auto conformed = Conform(array, to);
  ASSERT_TRUE(conformed.ok()) << conformed.status().ToString();
  ASSERT_TRUE((*conformed)->ValidateFull().ok());
  EXPECT_TRUE((*conformed)->Equals(ArrayFromJSONString(to, expected).ValueOrDie()))
      << (*conformed)->ToString();
}

TEST(Conform, NewStructFieldsAreNull) {
  ExpectConforms(arrow::struct_({field("b", arrow::utf8())}), R"([{"b": "x"}, null, {"b": null}])",
                 arrow::struct_({field("a", arrow::int64()), field("b", arrow::utf8())}),
                 R"([{"a": null, "b": "x"}, null, {"a": null, "b": null}])");
}

TEST(Conform, WorksInsideListsOfStructs) {
  ExpectConforms(arrow::list(arrow::struct_({field("rel", arrow::utf8())})),
                 R"([[{"rel": "self"}], [], null])",
                 arrow::list(arrow::struct_({field("rel", arrow::utf8()), field("title", arrow::utf8())})),
                 R"([[{"rel": "self", "title": null}], [], null])");
}

TEST(Conform, WidensNumbers) {
  ExpectConforms(arrow::int32(), "[1, null]", arrow::int64(), "[1, null]");
  ExpectConforms(arrow::float32(), "[1.5, null]", arrow::float64(), "[1.5, null]");
}

TEST(Conform, KeepsSlices) {
  const auto from = arrow::struct_({field("b", arrow::utf8())});
  const auto to = arrow::struct_({field("a", arrow::int64()), field("b", arrow::utf8())});
  const auto array = ArrayFromJSONString(from, R"([{"b": "x"}, null, {"b": "y"}])").ValueOrDie()->Slice(1);
  const auto conformed = Conform(array, to).ValueOrDie();
  EXPECT_TRUE(conformed->Equals(ArrayFromJSONString(to, R"([null, {"a": null, "b": "y"}])").ValueOrDie()))
      << conformed->ToString();
}

TEST(Conform, NothingIsDroppedSilently) {
  const auto array =
      ArrayFromJSONString(arrow::struct_({field("b", arrow::utf8())}), R"([{"b": "x"}])").ValueOrDie();
  EXPECT_FALSE(Conform(array, arrow::struct_({field("a", arrow::utf8())})).ok());
}

TEST(Conform, AMissingColumnIsNull) {
  const auto rows = arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector{}), 3, arrow::ArrayVector{});
  const auto column = ConformColumn(*rows, *field("new", arrow::utf8())).ValueOrDie();
  EXPECT_EQ(column->length(), 3);
  EXPECT_EQ(column->null_count(), 3);
}

}  // namespace
}  // namespace earthcatalog::rows
