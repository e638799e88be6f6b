// What a manifest says of the columns, against values counted by hand.
#include <gmock/gmock.h>
#include <parquet/statistics.h>

#include <cstring>
#include <limits>

#include "earthcatalog/geoparquet/writer.h"
#include "unit/geoparquet/example_rows.h"
#include "unit/geoparquet/read_back.h"

namespace earthcatalog::geoparquet {
namespace {

using arrow::field;
using testing::Eq;
using testing::Optional;

template <typename T>
std::string Plain(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

std::map<std::string, int> IdsByPath(const EncodedFile& file) {
  std::map<std::string, int> ids;
  const auto footer = OpenFile(file.bytes)->metadata();
  for (int i = 0; i < footer->num_columns(); ++i) {
    const auto* column = footer->schema()->Column(i);
    ids[column->path()->ToDotString()] = column->schema_node()->field_id();
  }
  return ids;
}

// Fails the test when there is no such column.
ColumnMetrics MetricsOf(const EncodedFile& file, const std::string& path) {
  const int id = IdsByPath(file).at(path);
  for (const auto& column : file.metrics.columns) {
    if (column.field_id == id) return column;
  }
  ADD_FAILURE() << "no metrics of " << path;
  return {};
}

// One column `x` beside a null geometry.
EncodedFile WriteColumn(const std::shared_ptr<arrow::DataType>& type, const std::string& json,
                        const char* name = "x") {
  const auto schema = WithIds({field("geometry", arrow::binary()), field(name, type)});
  const auto values = FromJson(schema->field(1)->type(), json);
  const auto nulls = GeometryColumn(std::vector<std::string>(static_cast<size_t>(values->length())));
  return WriteFile(*arrow::RecordBatch::Make(schema, values->length(), {nulls, values}));
}

class BoundsOf : public testing::TestWithParam<int> {
 protected:
  // The same rows repeated: more than fit a small file when the parameter is large.
  static EncodedFile Write(const std::shared_ptr<arrow::DataType>& type, const std::string& values) {
    std::string json = "[" + values;
    for (int i = 1; i < GetParam(); ++i) json += "," + values;
    return WriteColumn(type, json + "]");
  }
  static void ExpectBounds(const EncodedFile& file, const std::string& lower, const std::string& upper) {
    EXPECT_THAT(MetricsOf(file, "x").lower, Optional(Eq(lower)));
    EXPECT_THAT(MetricsOf(file, "x").upper, Optional(Eq(upper)));
  }
};

TEST_P(BoundsOf, Integers) {
  ExpectBounds(Write(arrow::int64(), "3, null, -9000000000, 7"), Plain(int64_t{-9000000000}),
               Plain(int64_t{7}));
  ExpectBounds(Write(arrow::int32(), "3, null, -4"), Plain(int32_t{-4}), Plain(int32_t{3}));
  ExpectBounds(Write(arrow::date32(), "3, null, -4"), Plain(int32_t{-4}), Plain(int32_t{3}));
}

TEST_P(BoundsOf, TimestampsAreMicroseconds) {
  ExpectBounds(Write(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "1577836800000000, null, -1"),
               Plain(int64_t{-1}), Plain(int64_t{1577836800000000}));
}

TEST_P(BoundsOf, BooleansAreOneByte) {
  ExpectBounds(Write(arrow::boolean(), "null, true, false"), std::string(1, '\0'), "\x01");
  ExpectBounds(Write(arrow::boolean(), "true, null"), "\x01", "\x01");
}

TEST_P(BoundsOf, TextIsCutToSixteenCodePoints) {
  ExpectBounds(Write(arrow::utf8(), R"("béta-0123456789-abc", null, "zéta-0123456789-xyz")"),
               "béta-0123456789-", "zéta-0123456789.");
  ExpectBounds(Write(arrow::utf8(), R"("b", "", "ab")"), "", "b");
}

TEST_P(BoundsOf, RealsLeaveNanOutAndCountIt) {
  const auto file = Write(arrow::float64(), "NaN, 2.5, null, -1.5, NaN");
  ExpectBounds(file, Plain(-1.5), Plain(2.5));
  EXPECT_EQ(MetricsOf(file, "x").nan_count, 2 * GetParam());
  EXPECT_EQ(MetricsOf(file, "x").null_count, GetParam());
  ExpectBounds(Write(arrow::float32(), "1.5, NaN"), Plain(1.5F), Plain(1.5F));
}

TEST_P(BoundsOf, OnlyNanHasNone) {
  const auto x = MetricsOf(Write(arrow::float64(), "NaN, null"), "x");
  EXPECT_EQ(x.lower, std::nullopt);
  EXPECT_EQ(x.upper, std::nullopt);
  EXPECT_EQ(x.nan_count, GetParam());
}

TEST_P(BoundsOf, InfinitiesAreValues) {
  ExpectBounds(Write(arrow::float64(), "Inf, -Inf, 0.5"), Plain(-std::numeric_limits<double>::infinity()),
               Plain(std::numeric_limits<double>::infinity()));
}

TEST_P(BoundsOf, BothZerosAreInside) {
  ExpectBounds(Write(arrow::float64(), "0.0, 0.0"), Plain(-0.0), Plain(0.0));
  ExpectBounds(Write(arrow::float32(), "-0.0, -1"), Plain(-1.0F), Plain(0.0F));
}

TEST_P(BoundsOf, OnlyNullsHasNone) {
  std::string json = "[null, null";
  for (int i = 1; i < GetParam(); ++i) json += ", null, null";
  const auto x = MetricsOf(WriteColumn(arrow::utf8(), json + "]", "collection"), "collection");
  EXPECT_EQ(x.lower, std::nullopt);
  EXPECT_EQ(x.upper, std::nullopt);
  EXPECT_EQ(x.null_count, 2 * GetParam());
  EXPECT_EQ(x.value_count, 2 * GetParam());
}

INSTANTIATE_TEST_SUITE_P(SmallAndLarge, BoundsOf, testing::Values(1, 1001));

TEST(Metrics, ANullParentCountsAsNullOfEveryLeafBelow) {
  const auto inner = arrow::struct_({field("p", arrow::float64()), field("q", arrow::utf8())});
  const auto file = WriteColumn(arrow::struct_({field("inner", inner), field("n", arrow::int32())}),
                                R"([{"inner": {"p": 1, "q": "a"}, "n": 1}, {"inner": null, "n": 2}, null])");
  EXPECT_EQ(MetricsOf(file, "x.inner.p").null_count, 2);
  EXPECT_EQ(MetricsOf(file, "x.inner.q").null_count, 2);
  EXPECT_EQ(MetricsOf(file, "x.n").null_count, 1);
  EXPECT_EQ(MetricsOf(file, "x.n").value_count, 3);
  EXPECT_EQ(MetricsOf(file, "x.n").lower, std::nullopt);  // not among the bounded columns
}

// Values below a null are whatever the producer left there.
TEST(Metrics, ValuesUnderANullParentAreNotSeen) {
  const auto schema = WithIds(
      {field("geometry", arrow::binary()),
       field("bbox", arrow::struct_({field("xmin", arrow::float64()), field("ymin", arrow::float64())}))});
  const auto valid = FromJson(arrow::boolean(), "[true, false]")->data()->buffers[1];
  const auto bbox = std::make_shared<arrow::StructArray>(
      schema->field(1)->type(), 2,
      arrow::ArrayVector{FromJson(arrow::float64(), "[5, -999]"), FromJson(arrow::float64(), "[6, NaN]")},
      valid);
  const auto file = WriteFile(*arrow::RecordBatch::Make(schema, 2, {GeometryColumn({"", ""}), bbox}));
  EXPECT_EQ(MetricsOf(file, "bbox.xmin").lower, Plain(5.0));
  EXPECT_EQ(MetricsOf(file, "bbox.ymin").nan_count, 0);
  EXPECT_EQ(MetricsOf(file, "bbox.ymin").null_count, 1);
}

TEST(Metrics, LeavesInsideListsAreLeftOut) {
  const auto file = WriteFile(*ExampleRows(0, 4));
  const auto ids = IdsByPath(file);
  for (const auto& column : file.metrics.columns) {
    EXPECT_NE(column.field_id, ids.at("links.list.element.href"));
    EXPECT_NE(column.field_id, ids.at("assets.data.roles.list.element"));
  }
  EXPECT_EQ(MetricsOf(file, "assets.thumbnail.href").null_count, 0);
}

TEST(Metrics, LargeTextsHaveNoBounds) {
  const auto file = WriteFile(*ExampleRows(0, 14));
  const auto ids = IdsByPath(file);
  for (const char* path : {"geometry", "_overflow", "assets.data.href", "assets.data.title"}) {
    EXPECT_EQ(MetricsOf(file, path).lower, std::nullopt) << path;
  }
  for (const char* path :
       {"id", "collection", "platform", "grid_partition", "datetime", "start_datetime", "end_datetime",
        "created", "updated", "bbox.xmin", "bbox.ymax", "proj:code", "percent_valid_pixels"}) {
    EXPECT_NE(MetricsOf(file, path).lower, std::nullopt) << path;
    EXPECT_NE(MetricsOf(file, path).upper, std::nullopt) << path;
  }
}

// As tables of older versions have them.
TEST(Metrics, JsonTextColumnsHaveNoBounds) {
  for (const char* name : {"assets", "links", "bbox", "stac_extensions"}) {
    EXPECT_EQ(MetricsOf(WriteColumn(arrow::utf8(), R"(["[1, 2]"])", name), name).lower, std::nullopt) << name;
  }
}

TEST(Metrics, BeyondAHundredColumnsOnlyTheNamedOnesHaveBounds) {
  arrow::FieldVector fields = {field("geometry", arrow::binary())};
  arrow::ArrayVector values = {GeometryColumn({""})};
  for (int i = 0; i < 120; ++i) fields.push_back(field("p" + std::to_string(i), arrow::int32()));
  fields.push_back(field("datetime", arrow::int32()));
  for (size_t i = 1; i < fields.size(); ++i) values.push_back(FromJson(arrow::int32(), "[1]"));
  const auto file = WriteFile(*arrow::RecordBatch::Make(WithIds(fields), 1, values));
  EXPECT_NE(MetricsOf(file, "p99").lower, std::nullopt);
  EXPECT_EQ(MetricsOf(file, "p100").lower, std::nullopt);
  EXPECT_NE(MetricsOf(file, "datetime").lower, std::nullopt);
}

// The footers' own minima and maxima: of the bounded columns, uncut, equal in both encoders.
TEST(Metrics, FootersHaveStatisticsOfTheBoundedColumnsOnly) {
  for (const int count : {14, 1400}) {
    const auto file = WriteFile(*ExampleRows(0, count));
    const auto footer = OpenFile(file.bytes)->metadata();
    for (int i = 0; i < footer->num_columns(); ++i) {
      const auto chunk = footer->RowGroup(0)->ColumnChunk(i);
      const std::string path = footer->schema()->Column(i)->path()->ToDotString();
      const bool large = path.starts_with("assets") || path.starts_with("links") || path == "geometry" ||
                         path == "_overflow" || path.ends_with(".element");
      ASSERT_EQ(chunk->is_stats_set(), !large) << path;
      if (large) continue;
      const auto metrics = MetricsOf(file, path);
      const auto statistics = chunk->statistics();
      EXPECT_EQ(statistics->null_count(), metrics.null_count) << path;
      EXPECT_THAT(statistics->EncodeMin(), testing::StartsWith(*metrics.lower)) << path;
      EXPECT_GE(*metrics.upper, statistics->EncodeMax().substr(0, metrics.upper->size())) << path;
    }
  }
}

TEST(Metrics, VeryLongTextsAreLeftOutOfTheFooterButCutForTheManifest) {
  const std::string text(300, 'k');
  const auto file = WriteColumn(arrow::utf8(), "[\"" + text + "\"]");
  EXPECT_FALSE(OpenFile(file.bytes)->metadata()->RowGroup(0)->ColumnChunk(1)->statistics()->HasMinMax());
  EXPECT_EQ(MetricsOf(file, "x").lower, std::string(16, 'k'));
  EXPECT_EQ(MetricsOf(file, "x").upper, std::string(15, 'k') + "l");
}

}  // namespace
}  // namespace earthcatalog::geoparquet
