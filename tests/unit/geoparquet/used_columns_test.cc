#include "earthcatalog/geoparquet/used_columns.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <vector>

namespace earthcatalog::geoparquet {
namespace {

std::shared_ptr<arrow::Array> Integers(const std::vector<bool>& valid) {
  arrow::Int64Builder builder;
  for (const bool is_valid : valid) EXPECT_TRUE((is_valid ? builder.Append(1) : builder.AppendNull()).ok());
  return builder.Finish().ValueOrDie();
}

// Its children keep their own bits where it is null itself.
std::shared_ptr<arrow::Array> Struct(const arrow::ArrayVector& children,
                                     const std::vector<std::string>& names, const std::vector<bool>& valid) {
  arrow::TypedBufferBuilder<bool> bits;
  for (const bool is_valid : valid) EXPECT_TRUE(bits.Append(is_valid).ok());
  return arrow::StructArray::Make(children, names, bits.Finish().ValueOrDie()).ValueOrDie();
}

std::string UsedIn(const std::shared_ptr<arrow::Array>& column, int64_t begin, int64_t rows) {
  const auto schema = arrow::schema({arrow::field("nested", column->type())});
  return FindUsedColumns(*arrow::RecordBatch::Make(schema, column->length(), {column})->Slice(begin, rows));
}

TEST(UsedColumns, AValueBelowAMissingStructIsNone) {
  const auto inner = Struct({Integers({true, false, true, false}), Integers({false, false, false, true})},
                            {"a", "b"}, {true, true, false, true});
  const auto outer = Struct({inner, Integers({false, true, true, true})}, {"inner", "c"},  //
                            {false, true, true, true});
  // nested, inner, a, b, c
  EXPECT_EQ(UsedIn(outer, 0, 4), "11011");  // `a` is there only where a struct above is not
  EXPECT_EQ(UsedIn(outer, 3, 1), "11011");
  EXPECT_EQ(UsedIn(outer, 2, 1), "101");  // nothing of `inner`
  EXPECT_EQ(UsedIn(outer, 0, 1), "0");
  EXPECT_EQ(UsedIn(outer, 1, 1), "11101");  // `inner` is there and empty, which its first field shows
}

}  // namespace
}  // namespace earthcatalog::geoparquet
