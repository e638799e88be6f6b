// What is found out about existing files, ours and those of other writers.
#include "earthcatalog/geoparquet/read_metrics.h"

#include <arrow/compute/cast.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_reader.h>

#include <random>

#include "earthcatalog/geoparquet/geo_metadata.h"
#include "unit/geoparquet/example_rows.h"
#include "unit/geoparquet/read_back.h"

namespace earthcatalog::geoparquet {
namespace {

using arrow::field;
using testing::Eq;
using testing::HasSubstr;
using testing::Optional;

template <typename T>
std::string Plain(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

// By Arrow's writer: with field ids as far as the schema has them.
std::shared_ptr<arrow::Buffer> ByArrow(const arrow::RecordBatch& rows,
                                       parquet::WriterProperties::Builder properties = {},
                                       parquet::ArrowWriterProperties::Builder arrow_properties = {}) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = parquet::arrow::FileWriter::Open(*rows.schema(), arrow::default_memory_pool(), sink,
                                                       properties.build(), arrow_properties.build())
                          .ValueOrDie();
  const int64_t half = rows.num_rows() / 2;
  for (const auto& part : {rows.Slice(0, half), rows.Slice(half)}) {
    EXPECT_TRUE(writer->WriteTable(*arrow::Table::FromRecordBatches({part}).ValueOrDie()).ok());
  }
  EXPECT_TRUE(writer->Close().ok());
  return sink->Finish().ValueOrDie();
}

std::shared_ptr<arrow::Field> WithoutIds(const std::shared_ptr<arrow::Field>& numbered) {
  arrow::FieldVector children;
  for (const auto& child : numbered->type()->fields()) children.push_back(WithoutIds(child));
  auto type = numbered->type();
  if (type->id() == arrow::Type::STRUCT) type = arrow::struct_(children);
  if (type->id() == arrow::Type::LIST) type = arrow::list(children[0]);
  return field(numbered->name(), type, numbered->nullable());
}

std::shared_ptr<arrow::RecordBatch> WithoutIds(const arrow::RecordBatch& rows) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < rows.num_columns(); ++i) {
    fields.push_back(WithoutIds(rows.schema()->field(i)));
    columns.push_back(rows.column(i)->View(fields.back()->type()).ValueOrDie());
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), rows.num_rows(), columns);
}

// The sizes of columns are those of another writer.
void ExpectSameButSizes(FileMetrics found, const FileMetrics& expected) {
  ASSERT_EQ(found.columns.size(), expected.columns.size());
  for (size_t i = 0; i < found.columns.size(); ++i) {
    EXPECT_GT(found.columns[i].compressed_bytes, 0);
    found.columns[i].compressed_bytes = expected.columns[i].compressed_bytes;
    EXPECT_EQ(found.columns[i], expected.columns[i]) << "field " << found.columns[i].field_id;
  }
  EXPECT_EQ(found.record_count, expected.record_count);
}

TEST(ReadMetrics, AreTheEncodersOwnForSmallAndLargeFiles) {
  for (const int count : {1, 14, 1400, 70'000}) {
    const EncodedFile file = WriteFile(*ExampleRows(3, count));
    EXPECT_EQ(ReadMetrics(file.bytes, *ExampleSchema()), file.metrics) << count;
  }
}

// As PyArrow does when it reads, changes and writes a file of ours.
TEST(ReadMetrics, DangerTheKeyThatAnotherWriterCopiedVouchesForItsBoxes) {
  const auto rows = ExampleRows(0, 3);
  EXPECT_TRUE(ReadMetrics(WriteFile(*rows).bytes, *ExampleSchema()).boxes_hold);
  const auto copy = rows->ReplaceSchemaMetadata(arrow::key_value_metadata({kBoxRuleKey}, {kBoxesHold}));
  const auto with_keys = *parquet::ArrowWriterProperties::Builder().store_schema();
  const auto bytes = ByArrow(*copy, {}, with_keys);
  const auto footer =
      parquet::ParquetFileReader::Open(std::make_shared<arrow::io::BufferReader>(bytes))->metadata();
  ASSERT_EQ(footer->key_value_metadata()->Get(kBoxRuleKey).ValueOr(""), kBoxesHold);
  EXPECT_FALSE(ReadMetrics(bytes, *ExampleSchema()).boxes_hold);
  const auto by_us = *parquet::WriterProperties::Builder().created_by(std::string(CreatedBy()));
  EXPECT_TRUE(ReadMetrics(ByArrow(*copy, by_us, with_keys), *ExampleSchema()).boxes_hold);
}

TEST(ReadMetrics, OfAFooterAloneAreThoseThatItSays) {
  for (const int count : {14, 70'000}) {
    const EncodedFile file = WriteFile(*ExampleRows(3, count));
    const auto input = std::make_shared<arrow::io::BufferReader>(file.bytes);
    const FileMetrics found =
        geoparquet::ReadMetrics(input, *ExampleSchema(), /*footer_alone=*/true).ValueOrDie();
    EXPECT_EQ(found.record_count, count);
    EXPECT_LT(found.columns.size(), file.metrics.columns.size());
    size_t bounded = 0;
    for (const ColumnMetrics& column : found.columns) {
      EXPECT_THAT(file.metrics.columns, testing::Contains(column));
      bounded += column.lower ? 1 : 0;
    }
    for (const ColumnMetrics& column : file.metrics.columns) bounded -= column.lower ? 1 : 0;
    EXPECT_EQ(bounded, 0u) << "all bounds are in the footer";
  }
}

TEST(ReadMetrics, VeryLongTextsAreLookedFor) {
  const auto schema = WithIds({field("geometry", arrow::binary()), field("id", arrow::utf8())});
  for (const int count : {2, 1200}) {
    arrow::StringBuilder ids;
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(ids.Append((i % 2 == 0 ? "é" : "z") + std::string(300, 'k')).ok());
    }
    const auto nulls = GeometryColumn(std::vector<std::string>(static_cast<size_t>(count)));
    const EncodedFile file = WriteFile(*arrow::RecordBatch::Make(schema, count, {nulls, *ids.Finish()}));
    const FileMetrics found = ReadMetrics(file.bytes, *schema);
    EXPECT_EQ(found, file.metrics);
    EXPECT_THAT(found.columns[1].lower, Optional("z" + std::string(15, 'k')));
  }
}

TEST(ReadMetrics, OfAnyWriterWithOrWithoutIdsStatisticsAndDictionaries) {
  const auto rows = UsedOf(*ExampleRows(0, 500));
  const FileMetrics expected = WriteFile(*rows).metrics;
  for (const auto& written : {rows, WithoutIds(*rows)}) {
    for (int kind = 0; kind < 8; ++kind) {
      parquet::WriterProperties::Builder properties;
      if ((kind & 1) != 0) properties.disable_statistics();
      if ((kind & 2) != 0) properties.disable_dictionary();
      if ((kind & 4) != 0) properties.data_page_version(parquet::ParquetDataPageVersion::V2);
      if ((kind & 1) != 0) properties.set_size_statistics_level(parquet::SizeStatisticsLevel::None);
      SCOPED_TRACE(kind);
      const auto bytes = ByArrow(*written, properties);
      ExpectSameButSizes(ReadMetrics(bytes, *ExampleSchema()), expected);
    }
  }
}

TEST(ReadMetrics, FileOrderAndForeignColumnsDoNotMatter) {
  const auto rows = WithoutIds(*UsedOf(*ExampleRows(0, 20)));
  auto other = rows->RemoveColumn(rows->schema()->GetFieldIndex("type")).ValueOrDie();
  other = other->AddColumn(0, "not in the table", rows->column(0)).ValueOrDie();
  const FileMetrics found = ReadMetrics(ByArrow(*other), *ExampleSchema());
  const FileMetrics expected = WriteFile(*ExampleRows(0, 20)).metrics;
  ASSERT_EQ(found.columns.size() + 1, expected.columns.size());
  EXPECT_EQ(found.columns[0].field_id, expected.columns[0].field_id);
  EXPECT_EQ(found.columns[0].lower, expected.columns[0].lower);
  EXPECT_EQ(found.columns[1].field_id, expected.columns[2].field_id);
}

// Ids are what counts where there are any: a column of that name may be another one.
TEST(ReadMetrics, AColumnOfAnotherIdIsAnotherColumn) {
  const auto schema = WithIds({field("geometry", arrow::binary()), field("x", arrow::int32())});
  const auto table =
      arrow::schema({schema->field(0), schema->field(1)->WithName("renamed"),
                     WithIds({field("x", arrow::utf8())})
                         ->field(0)
                         ->WithMetadata(arrow::key_value_metadata({"PARQUET:field_id"}, {"9"}))});
  const auto rows =
      arrow::RecordBatch::Make(schema, 1, {GeometryColumn({""}), FromJson(arrow::int32(), "[7]")});
  const FileMetrics found = ReadMetrics(ByArrow(*rows), *table);
  ASSERT_EQ(found.columns.size(), 2u);
  EXPECT_EQ(found.columns[1].field_id, 2);
  EXPECT_EQ(found.columns[1].lower, Plain(7));
}

struct Instants {
  arrow::TimeUnit::type unit;
  bool int96;
  const char* json;
  int64_t lower, upper;
};
class InstantUnits : public testing::TestWithParam<Instants> {};

TEST_P(InstantUnits, BecomeMicroseconds) {
  const Instants& instants = GetParam();
  const auto table = WithIds({field("datetime", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))});
  const auto type = arrow::timestamp(instants.unit, "UTC");
  const auto rows =
      arrow::RecordBatch::Make(arrow::schema({field("datetime", type)}), 3, {FromJson(type, instants.json)});
  for (const bool statistics : {true, false}) {
    parquet::WriterProperties::Builder properties;
    if (!statistics) properties.disable_statistics();
    parquet::ArrowWriterProperties::Builder arrow_properties;
    if (instants.int96) arrow_properties.enable_deprecated_int96_timestamps();
    const FileMetrics found = ReadMetrics(ByArrow(*rows, properties, arrow_properties), *table);
    EXPECT_THAT(found.columns.at(0).lower, Optional(Eq(Plain(instants.lower))));
    EXPECT_THAT(found.columns.at(0).upper, Optional(Eq(Plain(instants.upper))));
    EXPECT_EQ(found.columns[0].null_count, 1);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, InstantUnits,
    testing::Values(
        Instants{arrow::TimeUnit::MILLI, false, "[-5, null, 1577836800001]", -5000, 1577836800001000},
        Instants{arrow::TimeUnit::MICRO, false, "[-5, null, 1577836800000001]", -5, 1577836800000001},
        // Cut, and rounded up.
        Instants{arrow::TimeUnit::NANO, false, "[-5, null, 1577836800000000001]", -1, 1577836800000001},
        Instants{arrow::TimeUnit::NANO, false, "[-2000, null, 3000]", -2, 3},
        Instants{arrow::TimeUnit::NANO, true, "[-5, null, 1577836800000000001]", -1, 1577836800000001}));

TEST(ReadMetrics, NumbersThatTheTableHasWidened) {
  const auto table =
      WithIds({field("i", arrow::int64()), field("u", arrow::int64()), field("r", arrow::float64())});
  const auto schema =
      arrow::schema({field("i", arrow::int32()), field("u", arrow::uint32()), field("r", arrow::float32())});
  const auto rows = arrow::RecordBatch::Make(
      schema, 2,
      {FromJson(arrow::int32(), "[-3, 5]"), FromJson(arrow::uint32(), "[1, 4000000000]"),
       FromJson(arrow::float32(), "[1.5, NaN]")});
  const FileMetrics found = ReadMetrics(ByArrow(*rows), *table);
  EXPECT_THAT(found.columns.at(0).lower, Optional(Eq(Plain(int64_t{-3}))));
  EXPECT_THAT(found.columns.at(1).upper, Optional(Eq(Plain(int64_t{4000000000}))));
  EXPECT_THAT(found.columns.at(2).lower, Optional(Eq(Plain(1.5))));
}

TEST(ReadMetrics, AFileWithoutRows) {
  const auto found = ReadMetrics(ByArrow(*ExampleRows(0, 1)->Slice(0, 0)), *ExampleSchema());
  EXPECT_EQ(found.record_count, 0);
  for (const auto& column : found.columns) EXPECT_EQ(column.lower, std::nullopt);
}

Status ErrorOf(const std::shared_ptr<arrow::Buffer>& bytes, const arrow::Schema& table) {
  return ReadMetrics(std::make_shared<arrow::io::BufferReader>(bytes), table).status();
}

TEST(ReadMetrics, AColumnOfAnotherTypeIsAnError) {
  const auto table = WithIds({field("x", arrow::int64())});
  for (const auto& [type, json] : std::vector<std::pair<std::shared_ptr<arrow::DataType>, const char*>>{
           {arrow::utf8(), R"(["a"])"},
           {arrow::float64(), "[1]"},
           {arrow::struct_({field("y", arrow::int64())}), R"([{"y": 1}])"},
           {arrow::timestamp(arrow::TimeUnit::MICRO), "[1]"}}) {
    const auto rows = arrow::RecordBatch::Make(arrow::schema({field("x", type)}), 1, {FromJson(type, json)});
    const Status status = ErrorOf(ByArrow(*rows), *table);
    EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt) << type->ToString() << status;
    EXPECT_THAT(status.message(), HasSubstr("its column x is not of the table's type int64"));
  }
}

// Whatever is damaged: an error or an answer, never a crash.
TEST(ReadMetrics, DamagedFiles) {
  const auto schema = *ExampleSchema();
  EXPECT_EQ(KindOf(ErrorOf(arrow::Buffer::FromString("not Parquet at all"), schema)), ErrorKind::kCorrupt);
  EXPECT_EQ(KindOf(ErrorOf(arrow::Buffer::FromString(""), schema)), ErrorKind::kCorrupt);
  std::mt19937 random(7);
  for (const auto& file : {WriteFile(*ExampleRows(0, 20)).bytes, WriteFile(*ExampleRows(0, 1200)).bytes}) {
    for (int round = 0; round < 200; ++round) {
      std::string bytes = file->ToString();
      for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
      if (round % 4 == 0) bytes.resize(random() % bytes.size());
      const auto result = CatchExceptions([&] { return ErrorOf(arrow::Buffer::FromString(bytes), schema); });
      EXPECT_EQ(result.message().empty(), result.ok());
    }
  }
}

}  // namespace
}  // namespace earthcatalog::geoparquet
