#include "earthcatalog/iceberg/manifest.h"

#include "earthcatalog/iceberg/avro_reader.h"
#include "earthcatalog/iceberg/avro_schema_json.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/iceberg/single_value.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

using State = ManifestEntry::State;

class ManifestTest : public ::testing::Test {
 protected:
  ManifestTest() {
    int last_id = 0;
    schema_ = Must(AssignFieldIds(*ItemSchema(), nullptr, &last_id));
    spec_ = Must(ParsePartitionSpec(Must(CellAndYearSpec(*schema_)), *schema_));
  }

  ManifestWriter Writer() const { return {Must(SchemaToJson(*schema_, 3)), spec_, 77}; }

  Result<std::vector<ManifestEntry>> Decode(const std::string& bytes, const ManifestFile& row,
                                            const Pruner* pruner = nullptr) const {
    std::vector<ManifestEntry> entries;
    ARROW_RETURN_NOT_OK(
        DecodeManifest(bytes, row, spec_, {.pruner = pruner}, [&](const ManifestEntry& entry) {
          entries.push_back(entry);
          return Status::OK();
        }));
    return entries;
  }

  std::shared_ptr<arrow::Schema> schema_;
  PartitionSpec spec_;
};

void ExpectSameFile(const DataFile& a, const DataFile& b) {
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.partition, b.partition);
  EXPECT_EQ(a.record_count, b.record_count);
  EXPECT_EQ(a.file_size, b.file_size);
  EXPECT_EQ(a.column_sizes, b.column_sizes);
  EXPECT_EQ(a.value_counts, b.value_counts);
  EXPECT_EQ(a.null_value_counts, b.null_value_counts);
  EXPECT_EQ(a.nan_value_counts, b.nan_value_counts);
  EXPECT_EQ(a.lower_bounds, b.lower_bounds);
  EXPECT_EQ(a.upper_bounds, b.upper_bounds);
  EXPECT_EQ(a.split_offsets, b.split_offsets);
}

TEST_F(ManifestTest, EntriesSurviveTheRoundTrip) {
  std::vector<ManifestEntry> entries(3);
  entries[0].file = MakeFile("s3://b/one.parquet", "81fff", 54);
  entries[0].file.nan_value_counts = {{7, 2}};
  entries[1].file = MakeFile("two", std::nullopt, std::nullopt);
  entries[1].state = State::kExisting;
  entries[1].snapshot_id = 5;
  entries[1].sequence_number = 2;
  entries[1].file_sequence_number = 3;
  entries[1].key_metadata = "key";
  entries[1].sort_order_id = 0;
  entries[2].file.path = "bare";
  auto writer = Writer();
  for (const auto& entry : entries) ASSERT_OK(writer.Add(entry));
  auto [bytes, row] = Must(writer.Finish());
  row.sequence_number = 9;

  const auto back = Must(Decode(bytes, row));
  ASSERT_EQ(back.size(), 3u);
  for (size_t i = 0; i < 3; ++i) ExpectSameFile(back[i].file, entries[i].file);
  // What the commit gives is inherited, what an entry says itself stands.
  EXPECT_EQ(back[0].snapshot_id, 77);
  EXPECT_EQ(back[0].sequence_number, 9);
  EXPECT_EQ(back[0].file_sequence_number, 9);
  EXPECT_EQ(back[1].state, State::kExisting);
  EXPECT_EQ(back[1].snapshot_id, 5);
  EXPECT_EQ(back[1].sequence_number, 2);
  EXPECT_EQ(back[1].file_sequence_number, 3);
  EXPECT_EQ(back[1].key_metadata, "key");
  EXPECT_EQ(back[1].sort_order_id, 0);
}

TEST_F(ManifestTest, RowCountsFilesAndBoundsPartitions) {
  auto writer = Writer();
  int64_t rows = 1;
  for (const auto& [cell, year] : std::vector<std::pair<std::optional<std::string>, std::optional<int>>>{
           {"8f", -300}, {"81", 54}, {std::nullopt, 7}}) {
    ManifestEntry entry;
    entry.file = MakeFile("f", cell, year, rows++);
    ASSERT_OK(writer.Add(entry));
  }
  ManifestEntry existing;
  existing.state = State::kExisting;
  existing.sequence_number = 4;
  existing.file = MakeFile("g", "\xC3\xBC", 1, 100);
  ASSERT_OK(writer.Add(existing));
  const auto [bytes, row] = Must(writer.Finish());
  EXPECT_EQ(row.length, static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(row.added_files, 3);
  EXPECT_EQ(row.added_rows, 6);
  EXPECT_EQ(row.existing_files, 1);
  EXPECT_EQ(row.existing_rows, 100);
  EXPECT_EQ(row.deleted_files, 0);
  EXPECT_EQ(row.min_sequence_number, 4);
  EXPECT_EQ(row.sequence_number, ManifestFile::kUnassigned);
  EXPECT_EQ(row.added_snapshot_id, 77);
  ASSERT_EQ(row.partitions->size(), 2u);
  const auto& cells = row.partitions->at(0);
  EXPECT_TRUE(cells.contains_null);
  EXPECT_EQ(cells.contains_nan, false);
  EXPECT_EQ(cells.lower, "81");
  EXPECT_EQ(cells.upper, "\xC3\xBC");  // bytes compare unsigned
  const auto& years = row.partitions->at(1);
  EXPECT_FALSE(years.contains_null);
  EXPECT_EQ(years.lower, IntToBytes(-300));
  EXPECT_EQ(years.upper, IntToBytes(54));
}

TEST_F(ManifestTest, HeaderSaysWhatTheSpecificationAsksFor) {
  auto writer = Writer();
  ManifestEntry entry;
  entry.file = MakeFile("f", "81", 54);
  ASSERT_OK(writer.Add(entry));
  const auto header = Must(AvroReader::Open(Must(writer.Finish()).bytes)).metadata();
  EXPECT_EQ(header.at("schema-id"), "3");
  EXPECT_EQ(Json::parse(header.at("schema"))["fields"].size(), 6u);
  EXPECT_EQ(header.at("partition-spec-id"), "0");
  EXPECT_EQ(header.at("partition-spec"),
            R"([{"source-id":6,"field-id":1000,"transform":"identity","name":"grid_partition"},)"
            R"({"source-id":3,"field-id":1001,"transform":"year","name":"year"}])");
  EXPECT_EQ(header.at("format-version"), "2");
  EXPECT_EQ(header.at("content"), "data");
}

TEST_F(ManifestTest, UnwantedPartitionsAndDeletedFilesAreSkippedOver) {
  auto writer = Writer();
  for (int i = 0; i < 100; ++i) {
    ManifestEntry entry;
    entry.file = MakeFile("f" + std::to_string(i), i % 2 == 0 ? "even" : "odd", i);
    if (i % 5 == 0) entry.state = State::kDeleted;
    ASSERT_OK(writer.Add(entry));
  }
  const auto [bytes, row] = Must(writer.Finish());
  const Pruner pruner({.cells = {{"even"}}, .years = Years{1970, 1979}});
  const auto kept = Must(Decode(bytes, row, &pruner));
  std::vector<std::string> paths;
  for (const auto& entry : kept) paths.push_back(entry.file.path);
  EXPECT_THAT(paths, ::testing::ElementsAre("f2", "f4", "f6", "f8"));
}

// A writer with another order, unknown fields, no field ids, plain types where ours are optional.
TEST_F(ManifestTest, ReadsWhatOtherWritersMakeOfTheSameFields) {
  const std::string schema = R"({"type":"record","name":"manifest_entry","fields":[
    {"name":"data_file","type":["null",{"type":"record","name":"r2","fields":[
      {"name":"record_count","type":"long"},
      {"name":"first_row_id","field-id":142,"type":["null","long"]},
      {"name":"partition","type":{"type":"record","name":"r102","fields":[
        {"name":"year","type":["int","null"]},
        {"name":"bucket","field-id":1002,"type":"long"},
        {"name":"grid_partition","type":"string"}]}},
      {"name":"lower_bounds","type":{"type":"array","items":{"type":"record","name":"kv","fields":[
        {"name":"key","type":"int"},{"name":"value","type":"bytes"}]}}},
      {"name":"file_size_in_bytes","type":"long"},
      {"name":"file_path","type":"string"}]}]},
    {"name":"status","type":"int"}]})";
  AvroWriter writer(schema, {});
  const auto entry = [&](int64_t status, const std::string& path) {
    return writer.Record([&](AvroEncoder& out) {
      out.NotNull();
      out.Integer(12);
      out.Null();
      out.Integer(0);
      out.Integer(54);
      out.Integer(3);
      out.Bytes("81fff");
      out.Array(std::map<int, std::string>{{1, "aa"}}, [&](const auto& bound) {
        out.Integer(bound.first);
        out.Bytes(bound.second);
      });
      out.Integer(1200);
      out.Bytes(path);
      out.Integer(status);
    });
  };
  ASSERT_OK(entry(1, "live"));
  ASSERT_OK(entry(2, "gone"));
  ManifestFile row;
  row.added_snapshot_id = 31;
  row.sequence_number = 4;
  const auto entries = Must(Decode(Must(writer.Finish()), row));
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].file.path, "live");
  EXPECT_EQ(entries[0].file.partition, (Partition{"81fff", 54}));
  EXPECT_EQ(entries[0].file.record_count, 12);
  EXPECT_EQ(entries[0].file.file_size, 1200);
  EXPECT_EQ(entries[0].file.lower_bounds, (FieldMap<std::string>{{1, "aa"}}));
  EXPECT_EQ(entries[0].snapshot_id, 31);
  EXPECT_EQ(entries[0].sequence_number, 4);
}

TEST_F(ManifestTest, FieldsAreFoundByIdBeforeName) {
  const std::string schema = R"({"type":"record","name":"manifest_entry","fields":[
    {"name":"zustand","field-id":0,"type":"int"},
    {"name":"status","field-id":900,"type":"int"},
    {"name":"datei","field-id":2,"type":{"type":"record","name":"r2","fields":[
      {"name":"pfad","field-id":100,"type":"string"},
      {"name":"file_path","field-id":901,"type":"string"}]}}]})";
  AvroWriter writer(schema, {});
  ASSERT_OK(writer.Record([](AvroEncoder& out) {
    out.Integer(1);
    out.Integer(2);
    out.Bytes("right");
    out.Bytes("wrong");
  }));
  EXPECT_EQ(Must(Decode(Must(writer.Finish()), {})).at(0).file.path, "right");
}

TEST_F(ManifestTest, EntriesThatCannotBeAreErrors) {
  const std::string schema = R"({"type":"record","name":"e","fields":[{"name":"status","type":"int"},
    {"name":"data_file","type":{"type":"record","name":"r2","fields":[{"name":"file_path","type":"string"},
      {"name":"record_count","type":"long"}]}}]})";
  const auto decode = [&](int64_t status, const std::string& path, int64_t rows) {
    AvroWriter writer(schema, {});
    EXPECT_OK(writer.Record([&](AvroEncoder& out) {
      out.Integer(status);
      out.Bytes(path);
      out.Integer(rows);
    }));
    return Decode(Must(writer.Finish()), {}).status();
  };
  EXPECT_OK(decode(0, "p", 1));
  EXPECT_THAT(decode(3, "p", 1), FailsWith(ErrorKind::kCorrupt, "status"));
  EXPECT_THAT(decode(1, "", 1), FailsWith(ErrorKind::kCorrupt, "no path"));
  EXPECT_THAT(decode(1, "p", -1), FailsWith(ErrorKind::kCorrupt, "cannot be"));
}

TEST(ManifestList, RowsSurviveTheRoundTrip) {
  std::vector<ManifestFile> rows(2);
  rows[0] = {.path = "s3://b/m0.avro",
             .length = 1,
             .spec_id = 2,
             .content = ManifestFile::kDeletes,
             .sequence_number = 3,
             .min_sequence_number = 4,
             .added_snapshot_id = 5,
             .added_files = 6,
             .existing_files = 7,
             .deleted_files = 8,
             .added_rows = 9,
             .existing_rows = 10,
             .deleted_rows = 11,
             .partitions = {{{true, std::nullopt, std::nullopt, std::nullopt}, {false, true, "a", "b"}}},
             .key_metadata = "k"};
  rows[1].path = "m1";
  const std::string bytes = Must(EncodeManifestList(rows, {12, std::nullopt, 13}));
  const auto header = Must(AvroReader::Open(bytes)).metadata();
  EXPECT_EQ(header.at("snapshot-id"), "12");
  EXPECT_EQ(header.at("parent-snapshot-id"), "null");
  EXPECT_EQ(header.at("sequence-number"), "13");
  EXPECT_EQ(header.at("format-version"), "2");

  const auto back = Must(DecodeManifestList(bytes));
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(Must(EncodeManifestList(back, {12, std::nullopt, 13})).size(), bytes.size());
  EXPECT_EQ(back[0].path, "s3://b/m0.avro");
  EXPECT_EQ(back[0].content, ManifestFile::kDeletes);
  EXPECT_EQ(back[0].deleted_rows, 11);
  ASSERT_EQ(back[0].partitions->size(), 2u);
  EXPECT_TRUE(back[0].partitions->at(0).contains_null);
  EXPECT_EQ(back[0].partitions->at(0).lower, std::nullopt);
  EXPECT_EQ(back[0].partitions->at(1).contains_nan, true);
  EXPECT_EQ(back[0].partitions->at(1).upper, "b");
  EXPECT_EQ(back[0].key_metadata, "k");
  EXPECT_EQ(back[1].partitions, std::nullopt);
}

TEST(ManifestList, ReadsFormatVersion1) {
  const std::string schema = R"({"type":"record","name":"manifest_file","fields":[
    {"name":"manifest_path","type":"string"},{"name":"manifest_length","type":"long"},
    {"name":"partition_spec_id","type":"int"},{"name":"added_snapshot_id","type":["null","long"]},
    {"name":"added_data_files_count","type":["null","int"]}]})";
  const auto decode = [&](const std::optional<int64_t>& count) {
    AvroWriter writer(schema, {});
    EXPECT_OK(writer.Record([&](AvroEncoder& out) {
      out.Bytes("m");
      out.Integer(10);
      out.Integer(0);
      out.OptionalInteger(8);
      out.OptionalInteger(count);
    }));
    return DecodeManifestList(Must(writer.Finish()));
  };
  const auto rows = Must(decode(4));
  EXPECT_EQ(rows.at(0).added_files, 4);
  EXPECT_EQ(rows.at(0).sequence_number, 0);
  EXPECT_EQ(rows.at(0).content, ManifestFile::kData);
  EXPECT_THAT(decode(std::nullopt).status(), FailsWith(ErrorKind::kCorrupt, "added_data_files_count"));
}

}  // namespace
}  // namespace earthcatalog::iceberg
