// What is written is what readers see, in small and in large files.
#include <gmock/gmock.h>
#include <parquet/page_index.h>

#include "earthcatalog/geoparquet/large_file.h"
#include "earthcatalog/geoparquet/small_file.h"
#include "earthcatalog/geoparquet/writer.h"
#include "unit/geoparquet/example_rows.h"
#include "unit/geoparquet/read_back.h"

namespace earthcatalog::geoparquet {
namespace {

using arrow::field;

class RowCounts : public testing::TestWithParam<int> {};

TEST_P(RowCounts, ReadBackAsTheyWere) {
  const auto rows = ExampleRows(3, GetParam());
  ExpectReadsBack(WriteFile(*rows), UsedOf(*rows));
}

INSTANTIATE_TEST_SUITE_P(SmallAndLarge, RowCounts,
                         testing::Values(1, 2, 7, 8, 9, 63, 500, kSmallFileRows, kSmallFileRows + 1, 3000));

TEST(RoundTrip, TakesRowsOutOfTheMiddleOfABatch) {
  const auto rows = ExampleRows(0, 1500);
  for (const auto& [first, count] : {std::pair{5, 2}, {13, 40}, {300, 1100}}) {
    const auto part = rows->Slice(first, count);
    ExpectReadsBack(WriteFile(*part), UsedOf(*part));
  }
}

TEST(RoundTrip, AWriterUsedBeforeWritesTheSameBytesAsANewOne) {
  const auto writer = MakeWriter(ExampleSchema()).ValueOrDie();
  ASSERT_TRUE(writer->Write(*ExampleRows(100, 300)).ok());
  for (const int count : {1, 2, 50, 1200, 2}) {
    const auto rows = ExampleRows(7, count);
    EXPECT_TRUE(writer->Write(*rows).ValueOrDie().bytes->Equals(*WriteFile(*rows).bytes)) << count << " rows";
  }
}

TEST(RoundTrip, AWriterGoesOnAfterAnError) {
  const auto writer = MakeWriter(ExampleSchema()).ValueOrDie();
  auto broken =
      ExampleRows(0, 2)->SetColumn(5, ExampleSchema()->field(5), GeometryColumn({"?", "?"})).ValueOrDie();
  EXPECT_FALSE(writer->Write(*broken).ok());
  const auto rows = ExampleRows(0, 2);
  EXPECT_TRUE(writer->Write(*rows).ValueOrDie().bytes->Equals(*WriteFile(*rows).bytes));
}

// Columns of every type the table format has, also required ones.
TEST(RoundTrip, KeepsEveryType) {
  const auto micros = arrow::timestamp(arrow::TimeUnit::MICRO);
  const auto required = [](const char* name, const std::shared_ptr<arrow::DataType>& type) {
    return arrow::field(name, type, false);
  };
  const auto inner = arrow::struct_({required("a", arrow::int64()), arrow::field("b", arrow::float32())});
  const auto schema =
      WithIds({required("id", arrow::utf8()), arrow::field("geometry", arrow::binary()),
               arrow::field("day", arrow::date32()), arrow::field("local", micros),
               required("flag", arrow::boolean()), required("parts", arrow::list(required("element", inner))),
               arrow::field("pairs", ListOf(ListOf(arrow::int32())))});
  const auto rows = arrow::RecordBatch::Make(
      schema, 3,
      {FromJson(arrow::utf8(), R"(["", "é", "z"])"), GeometryColumn({"", SquareWkb(1, 2), ""}),
       FromJson(arrow::date32(), "[null, 18262, -1]"), FromJson(micros, "[0, null, -1]"),
       FromJson(arrow::boolean(), "[true, false, true]"),
       FromJson(schema->field(5)->type(),
                R"([[{"a": 1, "b": null}, {"a": -2, "b": 0.5}], [], [{"a": 3, "b": 1}]])"),
       FromJson(schema->field(6)->type(), "[[[1, null], null, []], null, []]")});
  ExpectReadsBack(WriteFile(*rows), rows);

  arrow::RecordBatchVector many(500, rows);
  const auto repeated =
      arrow::Table::FromRecordBatches(many).ValueOrDie()->CombineChunksToBatch().ValueOrDie();
  ExpectReadsBack(WriteFile(*repeated), repeated);
}

TEST(RoundTrip, AFileHasTheColumnsThatItsRowsFill) {
  const auto text = arrow::utf8();
  const auto asset = arrow::struct_({field("href", text), field("title", text)});
  const auto schema =
      WithIds({field("id", text), field("geometry", arrow::binary()), field("datetime", text),
               field("assets", arrow::struct_({field("data", asset), field("thumbnail", asset)})),
               field("gsd", arrow::float64()), field("sar", arrow::struct_({field("mode", text)}))});
  const auto rows = [&](const std::string& assets, const std::string& gsd) {
    return arrow::RecordBatch::Make(
        schema, 2,
        {FromJson(text, R"(["a", "b"])"), GeometryColumn({"", ""}), FromJson(text, "[null, null]"),
         FromJson(schema->field(3)->type(), assets), FromJson(arrow::float64(), gsd),
         FromJson(schema->field(5)->type(), "[null, null]")});
  };
  const auto leaves = [](const EncodedFile& file) {
    std::vector<std::string> paths;
    const auto footer = OpenFile(file.bytes)->metadata();
    for (int i = 0; i < footer->num_columns(); ++i) {
      paths.push_back(footer->schema()->Column(i)->path()->ToDotString());
    }
    return paths;
  };
  const auto writer = MakeWriter(schema).ValueOrDie();
  const auto write = [&](const std::string& assets, const std::string& gsd) {
    return leaves(writer->Write(*rows(assets, gsd)).ValueOrDie());
  };
  using testing::ElementsAre;
  EXPECT_THAT(write(R"([{"data": {"href": "x"}}, {"thumbnail": {"href": "y"}}])", "[1, null]"),
              ElementsAre("id", "geometry", "datetime", "assets.data.href", "assets.thumbnail.href", "gsd"));
  EXPECT_THAT(write(R"([{"data": {"title": "x"}}, null])", "[null, null]"),
              ElementsAre("id", "geometry", "datetime", "assets.data.title"));
  // An empty object is not the same as none.
  EXPECT_THAT(write("[{}, null]", "[null, 0]"),
              ElementsAre("id", "geometry", "datetime", "assets.data.href", "gsd"));
}

// The danger: earthcatalog <= 0.6 reads files by their paths, and fails on one that lacks a column it asks
// for.
TEST(RoundTrip, FilesOfAnOlderTableHaveItsColumnsAndOthersWhereNeeded) {
  const auto text = arrow::utf8();
  const auto schema =
      WithIds({field("geometry", arrow::binary()), field("assets", text), field("platform", text),
               field("proj:code", text), field("gsd", text), field("_overflow", text)});
  const auto columns = [&](const char* gsd, const char* overflow) {
    const auto none = FromJson(text, "[null]");
    const auto rows = arrow::RecordBatch::Make(
        schema, 1, {GeometryColumn({""}), none, none, none, FromJson(text, gsd), FromJson(text, overflow)});
    return ReadBack(WriteFile(*rows).bytes)->schema()->field_names();
  };
  using testing::ElementsAre;
  EXPECT_THAT(columns("[null]", "[null]"), ElementsAre("geometry", "assets", "platform", "proj:code"));
  EXPECT_THAT(columns("[\"1\"]", "[\"{}\"]"),
              ElementsAre("geometry", "assets", "platform", "proj:code", "gsd", "_overflow"));
}

TEST(RoundTrip, SmallAndLargeFilesHaveTheSameSchema) {
  const auto rows = UsedOf(*ExampleRows(0, 2));
  const arrow::RecordBatchVector many(1000, rows);
  const auto repeated =
      arrow::Table::FromRecordBatches(many).ValueOrDie()->CombineChunksToBatch().ValueOrDie();
  const auto small = OpenFile(WriteFile(*rows).bytes);
  const auto large = OpenFile(WriteFile(*repeated).bytes);
  EXPECT_TRUE(small->metadata()->schema()->Equals(*large->metadata()->schema()));
  EXPECT_EQ(small->metadata()->created_by(), large->metadata()->created_by());
  EXPECT_THAT(small->metadata()->created_by(), testing::StartsWith("earthcatalog version "));
  EXPECT_EQ(small->metadata()->version(), large->metadata()->version());
}

TEST(RoundTrip, ColumnBytesAndOffsetsAreTheFooters) {
  for (const int count : {2, 2000}) {
    const auto file = WriteFile(*ExampleRows(0, count));
    const auto footer = OpenFile(file.bytes)->metadata();
    std::map<int, int64_t> bytes;
    for (int i = 0; i < footer->num_columns(); ++i) {
      const auto* column = footer->schema()->Column(i);
      if (column->max_repetition_level() > 0) continue;
      bytes[column->schema_node()->field_id()] = footer->RowGroup(0)->ColumnChunk(i)->total_compressed_size();
    }
    for (const auto& column : file.metrics.columns) {
      EXPECT_EQ(column.compressed_bytes, bytes.at(column.field_id)) << "field " << column.field_id;
    }
    EXPECT_EQ(file.metrics.columns.size(), bytes.size());
    EXPECT_THAT(file.metrics.split_offsets, testing::ElementsAre(4));
    EXPECT_EQ(footer->RowGroup(0)->file_offset(), 4);
  }
}

// Two rows of few columns that a large file can be made of quickly.
std::shared_ptr<arrow::RecordBatch> NarrowRows(int count) {
  arrow::StringBuilder ids;
  arrow::BinaryBuilder geometries;
  arrow::Int64Builder numbers;
  for (int i = 0; i < count; ++i) {
    EXPECT_TRUE(ids.Append(fmt::format("item-{:08}", i)).ok());
    EXPECT_TRUE(geometries.Append(SquareWkb(i % 170, i % 80)).ok());
    EXPECT_TRUE((i % 3 == 0 ? numbers.AppendNull() : numbers.Append(i)).ok());
  }
  const auto schema = WithIds({arrow::field("id", arrow::utf8()), arrow::field("geometry", arrow::binary()),
                               arrow::field("number", arrow::int64())});
  return arrow::RecordBatch::Make(
      schema, count,
      {ids.Finish().ValueOrDie(), geometries.Finish().ValueOrDie(), numbers.Finish().ValueOrDie()});
}

TEST(RoundTrip, LargeFilesHaveRowGroupsAndAPageIndex) {
  const auto rows = NarrowRows(static_cast<int>(kRowGroupRows) + 4321);
  const auto file = WriteFile(*rows);
  ExpectReadsBack(file, rows);

  const auto reader = OpenFile(file.bytes);
  ASSERT_EQ(reader->metadata()->num_row_groups(), 2);
  std::vector<int64_t> offsets;
  for (int g = 0; g < 2; ++g) {
    const auto chunk = reader->metadata()->RowGroup(g)->ColumnChunk(0);
    offsets.push_back(chunk->has_dictionary_page() ? chunk->dictionary_page_offset()
                                                   : chunk->data_page_offset());
  }
  EXPECT_EQ(file.metrics.split_offsets, offsets);
  const auto index = reader->GetPageIndexReader()->RowGroup(0);
  ASSERT_NE(index, nullptr);
  EXPECT_GT(index->GetOffsetIndex(0)->page_locations().size(), 1U);
  EXPECT_NE(index->GetColumnIndex(0), nullptr);

  // Counted over all row groups.
  EXPECT_EQ(file.metrics.columns[2].null_count, (rows->num_rows() + 2) / 3);
  EXPECT_EQ(file.metrics.columns[0].lower, "item-00000000");
  EXPECT_EQ(file.metrics.columns[0].upper, fmt::format("item-{:08}", rows->num_rows() - 1));
}

TEST(RoundTrip, DictionariesOnlyWhereValuesRepeat) {
  const auto file = WriteFile(*ExampleRows(0, 3000));
  const auto footer = OpenFile(file.bytes)->metadata();
  std::map<std::string, bool> has_dictionary;
  for (int i = 0; i < footer->num_columns(); ++i) {
    has_dictionary[footer->schema()->Column(i)->path()->ToDotString()] =
        footer->RowGroup(0)->ColumnChunk(i)->has_dictionary_page();
  }
  for (const char* name : {"platform", "collection", "assets.data.title", "links.list.element.rel"}) {
    EXPECT_TRUE(has_dictionary.at(name)) << name;
  }
  for (const char* name : {"id", "datetime", "assets.data.href", "scene_1_id"}) {
    EXPECT_FALSE(has_dictionary.at(name)) << name;
  }
}

// A file of two rows costs its reader one request; statistics of long texts would make it several times as
// large.
TEST(RoundTrip, TwoRowsTakeLittleSpace) { EXPECT_LT(WriteFile(*ExampleRows(0, 2)).bytes->size(), 9'000); }

}  // namespace
}  // namespace earthcatalog::geoparquet
