// Small files in one batch: as Parquet's library has them, whoever wrote them.
#include "earthcatalog/geoparquet/small_file_reader.h"

#include <arrow/extension/json.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>

#include "earthcatalog/geoparquet/stream_writer.h"
#include "unit/geoparquet/example_rows.h"
#include "unit/geoparquet/read_back.h"
#include "unit/geoparquet/small_files.h"

namespace earthcatalog::geoparquet {
namespace {

using arrow::field;

const auto kInstant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");

Bytes Streamed(const std::shared_ptr<arrow::RecordBatch>& rows) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = MakeStreamWriter(rows->schema(), sink, {}).ValueOrDie();
  EXPECT_TRUE(writer->Write(rows).ok());
  EXPECT_TRUE(writer->Finish().ok());
  return sink->Finish().ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> BatchOf(const arrow::FieldVector& fields,
                                            const std::vector<std::string>& columns) {
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < fields.size(); ++i) arrays.push_back(FromJson(fields[i]->type(), columns[i]));
  const int64_t rows = arrays[0]->length();
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, std::move(arrays));
}

// A file of one column, of a table in which the column is another.
bool Takes(const std::shared_ptr<arrow::Field>& in_table, const std::shared_ptr<arrow::Field>& in_file,
           const std::string& values) {
  return MakeReader(arrow::schema({in_table}))->Append(ViewOf(WriteForeign(*BatchOf({in_file}, {values}))));
}

TEST(SmallFilesReader, ReadsWhatBothEncodersWrite) {
  std::vector<Bytes> files;
  for (int i = 0; i < 30; ++i) files.push_back(WriteFile(*ExampleRows(i * 7, 1 + i % 9)).bytes);
  files.push_back(Streamed(ExampleRows(0, 3000)));
  files.push_back(Streamed(ExampleRows(6, 1)));
  ExpectReads(files, ExampleSchema());
}

TEST(SmallFilesReader, ReadsWhatOthersWrite) {
  const auto rows = WithoutIds(*ExampleRows(0, 40));
  const auto reader = MakeReader(ExampleSchema());
  for (const auto codec :
       {arrow::Compression::UNCOMPRESSED, arrow::Compression::SNAPPY, arrow::Compression::ZSTD}) {
    for (const bool dictionary : {true, false}) {
      for (const bool v2 : {true, false}) {
        for (const int64_t page_bytes : {1, 1 << 20}) {
          const ForeignFile how{dictionary, v2, codec, /*group_rows=*/17, page_bytes, v2};
          const Bytes file = WriteForeign(*rows, how);
          ExpectReads({file, file}, ExampleSchema(), reader.get());
        }
      }
    }
  }
}

TEST(SmallFilesReader, IsEmptyAgainAfterItsRowsWereTaken) {
  const auto reader = MakeReader(ExampleSchema());
  ExpectReads({}, ExampleSchema(), reader.get());
  ExpectReads({WriteFile(*ExampleRows(0, 8)).bytes}, ExampleSchema(), reader.get());
  // Columns that only the others had are not there.
  const auto few = BatchOf({field("id", arrow::utf8())}, {R"(["a", null])"});
  ExpectReads({WriteForeign(*few)}, ExampleSchema(), reader.get());
  ExpectReads({}, ExampleSchema(), reader.get());
}

TEST(SmallFilesReader, FilesOfManySchemasInTurn) {
  const auto bbox = ExampleSchema()->GetFieldByName("bbox")->type();
  const auto assets = ExampleSchema()->GetFieldByName("assets")->type();
  const auto asset = [&](const arrow::FieldVector& fields) { return arrow::struct_(fields); };
  const auto href = field("href", arrow::utf8());
  const auto roles = field("roles", ListOf(arrow::utf8()));
  const std::vector<std::shared_ptr<arrow::RecordBatch>> kinds = {
      WithoutIds(*ExampleRows(0, 8)),
      BatchOf({field("id", arrow::utf8())}, {R"(["a", null])"}),
      BatchOf({field("assets", arrow::struct_({field("overview", asset({href}))}))},
              {R"([{"overview": {"href": "x"}}, null, {"overview": null}, {"overview": {"href": null}}])"}),
      BatchOf({field("assets", arrow::struct_({field("data", asset({roles, href}))}))},
              {R"([{"data": {"roles": ["a", null, "b"], "href": "h"}}, {"data": {"roles": []}}, null])"}),
      BatchOf({field("bbox", arrow::struct_({field("ymin", arrow::float64())}))},
              {R"([{"ymin": 1.5}, null, {"ymin": null}])"}),
      // The second field of the elements is new when the first has been there for long.
      BatchOf({field("links", ListOf(arrow::struct_({href})))}, {R"([[{"href": "1"}, null], [], null])"}),
      BatchOf({field("links", ListOf(arrow::struct_({field("rel", arrow::utf8()), href})))},
              {R"([[{"rel": "r", "href": "1"}, {"rel": null}], [], null, [null]])"}),
      BatchOf({field("stac_extensions", ListOf(arrow::utf8())), field("reviewed", arrow::boolean())},
              {R"([["a"], null, [], ["b", "c"]])", "[true, null, false, true]"}),
  };
  std::vector<Bytes> files;
  for (size_t i = 0; i < 64; ++i) files.push_back(WriteForeign(*kinds[i * i * 5 % 61 % kinds.size()]));
  ExpectReads(files, ExampleSchema());
  for (const auto& a : kinds) {
    for (const auto& b : kinds) ExpectReads({WriteForeign(*a), WriteForeign(*b)}, ExampleSchema());
  }
}

TEST(SmallFilesReader, SmallerNumbersAndMillisecondsAreConverted) {
  const auto table = arrow::schema({field("i", arrow::int64()), field("d", arrow::float64()),
                                    field("t", kInstant), field("l", ListOf(arrow::int64()))});
  const auto rows = BatchOf(
      {field("i", arrow::int32()), field("d", arrow::float32()),
       field("t", arrow::timestamp(arrow::TimeUnit::MILLI, "UTC")), field("l", ListOf(arrow::int32()))},
      {"[1, null, -2147483648]", "[1.5, null, -0.1]", "[1577836800123, null, -1]", "[[1, null], [], [-7]]"});
  for (const bool dictionary : {true, false}) {
    ForeignFile how;
    how.dictionary = dictionary;
    ExpectReads({WriteForeign(*rows, how)}, table);
  }
  // Beyond what microseconds can say: an error that the other reader words.
  EXPECT_FALSE(Takes(field("t", kInstant), rows->schema()->field(2), "[9223372036854775]") &&
               Takes(field("t", kInstant), rows->schema()->field(2), "[9223372036854776]"));
}

// Arrow notes in a file how it held the columns; the values are what Parquet's types say.
TEST(SmallFilesReader, WhatArrowNotesOfItsTypesChangesNoValue) {
  const auto text = arrow::utf8();
  const auto dictionary = arrow::dictionary(arrow::int32(), text);
  const auto list_of = [](const std::shared_ptr<arrow::DataType>& type) { return field("element", type); };
  const auto table =
      arrow::schema({field("a", text), field("b", arrow::binary()), field("c", text), field("d", kInstant),
                     field("e", kInstant), field("f", arrow::int64()), field("g", ListOf(text)),
                     field("h", ListOf(arrow::int32())), field("assets", text)});
  const auto rows =
      BatchOf({field("a", arrow::large_utf8()), field("b", arrow::large_binary()), field("c", dictionary),
               field("d", arrow::timestamp(arrow::TimeUnit::SECOND, "Asia/Tokyo")),
               field("e", arrow::date64()), field("f", arrow::duration(arrow::TimeUnit::NANO)),
               field("g", arrow::large_list(list_of(arrow::large_utf8()))),
               field("h", arrow::fixed_size_list(list_of(arrow::int32()), 2)), field("assets", dictionary)},
              {R"(["x", null])", R"(["", "yy"])", R"(["x", null])", "[1577836800, null]", "[86400000, null]",
               "[7, null]", R"([["x", null], []])", "[[1, 2], [3, null]]", R"(["{\"a\": null}", null])"});
  int taken = 0;
  for (int i = 0; i < rows->num_columns(); ++i) {
    SCOPED_TRACE(rows->schema()->field(i)->ToString());
    const Bytes file = WriteForeign(*rows->SelectColumns({i}).ValueOrDie());
    if (!MakeReader(table)->Append(ViewOf(file))) continue;
    ++taken;
    ExpectReads({file}, table);
  }
  EXPECT_GE(taken, 7);  // perhaps not days in milliseconds
}

// Of columns of extension types Arrow's reader makes other arrays, in which nothing is repaired.
TEST(SmallFilesReader, ExtensionTypesAreNotTakenForWhatTheyAreStoredAs) {
  const auto json = arrow::extension::json(arrow::utf8());
  const auto storage = FromJson(arrow::utf8(), R"(["{\"a\": null}", null])");
  const auto column = arrow::ExtensionType::WrapArray(json, storage);
  const auto rows = arrow::RecordBatch::Make(arrow::schema({field("assets", json)}), 2, {column});
  const auto table = arrow::schema({field("assets", arrow::utf8())});
  for (const bool store_schema : {true, false}) {
    ForeignFile how;
    how.store_schema = store_schema;
    const Bytes file = WriteForeign(*rows, how);
    const auto reader = MakeReader(table);
    EXPECT_EQ(reader->Append(ViewOf(file)), !store_schema);
    if (!store_schema) ExpectReads({file}, table);
  }
}

// What 0.6 added is taken away from files without field ids, and left in the others.
TEST(SmallFilesReader, JsonTextLosesNullMembersInFilesWithoutIds) {
  const std::string texts =
      R"(["{\"a\": null, \"b\": [1, {\"c\": null}]}", null, "{\"a\": null, \"b\": [1, {\"c\": null}]}"])";
  const auto plain = BatchOf({field("assets", arrow::utf8()), field("title", arrow::utf8())}, {texts, texts});
  const auto schema = WithIds(plain->schema()->fields());
  const auto with_ids = arrow::RecordBatch::Make(schema, 3, plain->columns());
  for (const bool dictionary : {true, false}) {
    ForeignFile how;
    how.dictionary = dictionary;
    const std::vector<Bytes> files = {WriteForeign(*plain, how), WriteForeign(*with_ids, how),
                                      WriteForeign(*plain, how)};
    ExpectReads(files, schema);
    const auto reader = MakeReader(schema);
    for (const Bytes& file : files) ASSERT_TRUE(reader->Append(ViewOf(file)));
    const auto rows = reader->Finish().ValueOrDie();
    const auto& assets = static_cast<const arrow::StringArray&>(*rows->column(0));
    EXPECT_EQ(assets.GetView(0), R"({"b":[1,{}]})");
    EXPECT_EQ(assets.GetView(3), R"({"a": null, "b": [1, {"c": null}]})");
  }
  EXPECT_FALSE(Takes(schema->field(0), plain->schema()->field(0), R"(["no JSON"])"));
}

TEST(SmallFilesReader, LeavesOtherColumnsToTheLibrary) {
  const auto text = arrow::utf8();
  const auto number = field("x", arrow::int64());
  EXPECT_TRUE(Takes(number, number, "[1]"));
  EXPECT_FALSE(Takes(number, field("y", arrow::int64()), "[1]"));  // the table has none
  EXPECT_FALSE(Takes(number, field("x", arrow::float64()), "[1]"));
  EXPECT_FALSE(Takes(number, field("x", arrow::uint32()), "[1]"));
  EXPECT_FALSE(Takes(field("x", arrow::int32()), number, "[1]"));
  EXPECT_FALSE(Takes(field("x", text), field("x", arrow::binary()), R"(["a"])"));
  EXPECT_FALSE(
      Takes(field("x", kInstant), field("x", arrow::timestamp(arrow::TimeUnit::NANO, "UTC")), "[1]"));
  EXPECT_FALSE(Takes(field("x", kInstant), field("x", arrow::timestamp(arrow::TimeUnit::MICRO)), "[1]"));
  EXPECT_FALSE(Takes(field("x", arrow::struct_({field("a", text)})),
                     field("x", arrow::struct_({field("a", text), field("b", text)})), R"([{"a": "1"}])"));
  EXPECT_FALSE(Takes(field("x", text), field("x", ListOf(text)), R"([["a"]])"));
  EXPECT_FALSE(Takes(field("x", ListOf(text)), field("x", text), R"(["a"])"));
}

TEST(SmallFilesReader, NullsOfRequiredColumnsAreLeftToTheLibrary) {
  const auto required = field("x", arrow::int64(), false), optional = field("x", arrow::int64());
  EXPECT_TRUE(Takes(required, required, "[1]"));
  EXPECT_TRUE(Takes(required, optional, "[1]"));
  EXPECT_TRUE(Takes(optional, required, "[1]"));
  EXPECT_FALSE(Takes(required, optional, "[null]"));
  const auto other = field("y", arrow::int64());
  const auto reader = MakeReader(arrow::schema({required, other}));
  EXPECT_FALSE(reader->Append(ViewOf(WriteForeign(*BatchOf({other}, {"[1]"})))));
  ExpectReads({WriteForeign(*BatchOf({optional}, {"[1, 2]"})), WriteForeign(*BatchOf({required}, {"[3]"}))},
              arrow::schema({optional, other}));
}

TEST(SmallFilesReader, AFileThatIsRefusedLeavesNoTrace) {
  const auto schema = ExampleSchema();
  const Bytes good = WriteFile(*ExampleRows(0, 5)).bytes;
  // Its last column ends early.
  const auto two =
      BatchOf({field("id", arrow::utf8()), field("bbox", arrow::utf8())}, {R"(["a"])", R"(["b"])"});
  std::string broken(ViewOf(good));
  broken.replace(broken.size() / 2, 400, std::string(400, '\xFF'));
  const auto reader = MakeReader(schema);
  EXPECT_FALSE(reader->Append(broken));
  EXPECT_TRUE(reader->Append(ViewOf(good)));
  EXPECT_FALSE(reader->Append(broken));
  EXPECT_FALSE(reader->Append(ViewOf(WriteForeign(*two))));
  EXPECT_FALSE(reader->Append(""));
  EXPECT_EQ(reader->rows(), 5);
  ExpectReads({}, schema, MakeReader(schema).get());
  ExpectSameRows(reader->Finish().ValueOrDie(), ReadByLibrary({good}, schema).ValueOrDie());
}

// A few bytes may stand for any number of rows.
TEST(SmallFilesReader, AFileLargerThanTheLimitIsRefused) {
  const auto table = arrow::schema({field("x", arrow::int64()), field("t", arrow::utf8())});
  const std::string text(10'000, 't');
  const auto texts = arrow::MakeArrayFromScalar(arrow::StringScalar(text), 1000).ValueOrDie();
  const auto many_texts = arrow::RecordBatch::Make(arrow::schema({table->field(1)}), 1000, {texts});
  const auto nulls = arrow::MakeArrayOfNull(arrow::int64(), 1'000'000).ValueOrDie();
  const auto many_nulls = arrow::RecordBatch::Make(arrow::schema({table->field(0)}), 1'000'000, {nulls});
  for (const auto& rows : {many_texts, many_nulls}) {
    for (const bool dictionary : {true, false}) {
      ForeignFile how;
      how.dictionary = dictionary;
      const Bytes file = WriteForeign(*rows, how);
      EXPECT_LT(file->size(), 50'000);
      EXPECT_FALSE(MakeReader(table, 8'000'000)->Append(ViewOf(file)));
      const auto reader = MakeReader(table, 20'000'000);
      EXPECT_TRUE(reader->Append(ViewOf(file)));
      EXPECT_GT(reader->bytes(), 8'000'000);
      EXPECT_LT(reader->bytes(), 20'000'000);
    }
  }
}

TEST(SmallFilesReader, BytesCountColumnsThatOtherFilesHave) {
  const auto table = arrow::schema({field("x", arrow::int64()), field("y", arrow::int64())});
  const Bytes x = WriteForeign(*BatchOf({table->field(0)}, {"[1, 2, 3]"}));
  const Bytes y = WriteForeign(*BatchOf({table->field(1)}, {"[1, 2, 3]"}));
  const auto reader = MakeReader(table);
  ASSERT_TRUE(reader->Append(ViewOf(x)));
  const int64_t one = reader->bytes();
  ASSERT_TRUE(reader->Append(ViewOf(y)));
  EXPECT_EQ(reader->bytes(), 4 * one);
  ASSERT_TRUE(reader->Append(ViewOf(x)));
  EXPECT_EQ(reader->bytes(), 6 * one);
}

TEST(SmallFilesReader, AFileWithoutRowsHasNoColumns) {
  const auto empty = BatchOf({field("row_count", arrow::int64())}, {"[]"});
  ExpectReads({WriteForeign(*empty)}, ExampleSchema());
  ExpectReads({WriteForeign(*empty), WriteFile(*ExampleRows(0, 2)).bytes}, ExampleSchema());
}

}  // namespace
}  // namespace earthcatalog::geoparquet
