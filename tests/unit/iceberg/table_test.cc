// Creating, loading and changing a table, apart from adding files to it.
#include "earthcatalog/iceberg/table.h"

#include "earthcatalog/iceberg/schema.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

using TableTest = TableFixture;

TEST_F(TableTest, ANewTableIsEmptyAndComplete) {
  const auto table = CreateTable({{"write.data.path", "file:///w"}});
  EXPECT_EQ(table->location(), table_folder());
  EXPECT_EQ(table->current_snapshot(), std::nullopt);
  EXPECT_TRUE(table->snapshots().empty());
  EXPECT_EQ(table->last_sequence_number(), 0);
  EXPECT_EQ(table->properties().at("write.data.path"), "file:///w");
  EXPECT_EQ(table->properties().at("schema.name-mapping.default"), NameMappingJson(*table->schema()));
  EXPECT_TRUE(Paths(*table).empty());
  EXPECT_THAT(table->metadata_location(),
              ::testing::MatchesRegex(".*/metadata/00000-[0-9a-f-]+\\.metadata\\.json"));

  const Json document = Document(*table);
  EXPECT_EQ(document["format-version"], 2);
  EXPECT_EQ(document["table-uuid"], table->uuid());
  EXPECT_EQ(document["last-column-id"], 9);
  EXPECT_EQ(document["last-partition-id"], 1001);
  EXPECT_EQ(document["partition-specs"][0]["fields"].size(), 2u);
  EXPECT_EQ(document["sort-orders"], Json::parse(R"([{"order-id":0,"fields":[]}])"));

  const auto loaded = LoadTable();
  EXPECT_EQ(loaded->uuid(), table->uuid());
  EXPECT_TRUE(loaded->schema()->Equals(*table->schema(), true));
  EXPECT_EQ(loaded->properties(), table->properties());
}

TEST_F(TableTest, ATableThatIsThereIsNotCreatedAgain) {
  const auto table = CreateTable();
  const auto again = Table::Create(OpenStore(), {table_folder(), ItemSchema(), {}});
  EXPECT_EQ(KindOf(again.status()), ErrorKind::kCommitConflict);
  EXPECT_EQ(MetadataFiles().size(), 1u);
  EXPECT_EQ(LoadTable()->uuid(), table->uuid());
}

TEST_F(TableTest, CreationNeedsTheColumnsThatFilesAreParitionedBy) {
  const auto create = [&](int column) {
    return Table::Create(OpenStore(), {table_folder(), Must(ItemSchema()->RemoveField(column)), {}}).status();
  };
  EXPECT_THAT(create(2), FailsWith(ErrorKind::kUsage, "`datetime`"));
  EXPECT_THAT(create(5), FailsWith(ErrorKind::kUsage, "`grid_partition`"));
}

TEST_F(TableTest, AMissingTableIsNotFound) {
  EXPECT_EQ(KindOf(Table::Load(OpenStore()).status()), ErrorKind::kNotFound);
}

TEST_F(TableTest, BrokenMetadataIsCorruptAndNamed) {
  const auto table = CreateTable();
  const std::string path = PathOf(table->metadata_location());
  const Json good = Document(*table);
  const auto load_with = [&](const std::string& text) {
    std::ofstream(path) << text;
    const Status status = Table::Load(OpenStore()).status();
    EXPECT_NE(status.message().find(table->metadata_location()), std::string::npos) << status.ToString();
    return status;
  };
  EXPECT_THAT(load_with("{"), FailsWith(ErrorKind::kCorrupt, "not valid JSON"));
  EXPECT_THAT(load_with("[]"), FailsWith(ErrorKind::kCorrupt, "format-version"));
  EXPECT_THAT(load_with(good.dump().substr(0, 700)), FailsWith(ErrorKind::kCorrupt, "not valid JSON"));
  for (const char* key :
       {"format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms",
        "last-column-id", "schemas", "current-schema-id", "partition-specs", "default-spec-id"}) {
    Json broken = good;
    broken.erase(key);
    EXPECT_THAT(load_with(broken.dump()), FailsWith(ErrorKind::kCorrupt, key));
    broken[key] = Json::object();
    EXPECT_THAT(load_with(broken.dump()), FailsWith(ErrorKind::kCorrupt, key));
  }
  Json other_version = good;
  other_version["format-version"] = 3;
  EXPECT_THAT(load_with(other_version.dump()), FailsWith(ErrorKind::kCorrupt, "format version 3"));
  std::filesystem::remove(path);
  EXPECT_THAT(Table::Load(OpenStore()).status(), FailsWith(ErrorKind::kCorrupt, "does not exist"));
}

TEST_F(TableTest, OtherWritersAdditionsSurviveACommit) {
  auto table = CreateTable();
  Json document = Document(*table);
  document["statistics"] = Json::parse(R"([{"snapshot-id":1,"statistics-path":"s","x":null}])");
  document["from-the-future"] = Json::parse(R"({"deep":[1,2.5,{"e":"é"}]})");
  document["refs"]["a-tag"] = Json::parse(R"({"snapshot-id":1,"type":"tag"})");
  document["refs"]["main"] = Json::parse(R"({"snapshot-id":1,"type":"branch","max-snapshot-age-ms":5})");
  std::ofstream(PathOf(table->metadata_location())) << document.dump(2);
  table = LoadTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("f", "81", 54)}));
  const Json after = Document(*table);
  EXPECT_EQ(after["statistics"], document["statistics"]);
  EXPECT_EQ(after["from-the-future"], document["from-the-future"]);
  EXPECT_EQ(after["refs"]["a-tag"], document["refs"]["a-tag"]);
  EXPECT_EQ(after["refs"]["main"]["max-snapshot-age-ms"], 5);
  EXPECT_EQ(after["refs"]["main"]["snapshot-id"], table->current_snapshot()->id);
}

TEST_F(TableTest, TheMetadataLogIsBounded) {
  auto table = CreateTable({{"write.metadata.previous-versions-max", "3"}});
  std::vector<std::string> versions = {table->metadata_location()};
  for (int i = 0; i < 6; ++i) {
    ASSERT_OK(AppendFiles(*table, {MakeFile("f" + std::to_string(i), "81", 54)}));
    versions.push_back(table->metadata_location());
  }
  const Json log = Document(*table)["metadata-log"];
  ASSERT_EQ(log.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(log[i]["metadata-file"], versions[3 + i]);
    EXPECT_TRUE(std::filesystem::exists(PathOf(versions[i])));
  }
  EXPECT_THAT(table->metadata_location(), ::testing::HasSubstr("/00006-"));
  table = Edited(*table, [](Json& document) {
    document["properties"]["write.metadata.delete-after-commit.enabled"] = "true";
  });
  ASSERT_OK(AppendFiles(*table, {MakeFile("last", "81", 54)}));
  EXPECT_FALSE(std::filesystem::exists(PathOf(versions[3])));
  EXPECT_TRUE(std::filesystem::exists(PathOf(versions[4])));
}

// The log is what somebody else wrote: a file it names is not for us to delete just for that.
TEST_F(TableTest, AHostileMetadataLogDeletesNothingElse) {
  auto table = CreateTable({{"write.metadata.previous-versions-max", "1"},
                            {"write.metadata.delete-after-commit.enabled", "true"}});
  const std::string first = PathOf(table->metadata_location());
  std::vector<std::string> victims = {folder_.path("precious.metadata.json"),
                                      metadata_folder() + "/snap-1.avro",
                                      metadata_folder() + "/deeper/00001.metadata.json"};
  for (const std::string& victim : victims) {
    std::filesystem::create_directories(std::filesystem::path(victim).parent_path());
    std::ofstream(victim) << "precious";
  }
  victims.push_back(metadata_folder() + "/../../../../precious.metadata.json");
  table = Edited(*table, [&](Json& document) {
    for (const std::string& victim : victims) {
      document["metadata-log"].push_back({{"timestamp-ms", 1}, {"metadata-file", "file://" + victim}});
      document["metadata-log"].push_back({{"timestamp-ms", 1}, {"metadata-file", victim}});
    }
    document["metadata-log"].push_back({{"timestamp-ms", 1}, {"metadata-file", ""}});
    document["metadata-log"].push_back({{"timestamp-ms", 1}, {"metadata-file", ".metadata.json"}});
  });
  for (int i = 0; i < 3; ++i) ASSERT_OK(AppendFiles(*table, {MakeFile(std::to_string(i), "81", 54)}));
  for (const std::string& victim : victims) EXPECT_TRUE(std::filesystem::exists(victim)) << victim;
  EXPECT_FALSE(std::filesystem::exists(first));
}

// A number beyond 32 bits would be cut to another column's or schema's id.
TEST_F(TableTest, IdsBeyondTheirRangeAreRefused) {
  const auto table = CreateTable();
  const std::string path = PathOf(table->metadata_location());
  const Json good = Document(*table);
  const auto loaded_with = [&](const char* pointer, int64_t value) {
    Json document = good;
    document[Json::json_pointer(pointer)] = value;
    std::ofstream(path) << document.dump();
    return Table::Load(OpenStore()).status();
  };
  for (const char* pointer :
       {"/last-column-id", "/current-schema-id", "/default-spec-id", "/schemas/0/schema-id",
        "/schemas/0/fields/0/id", "/schemas/0/fields/3/type/element-id",
        "/partition-specs/0/fields/0/field-id"}) {
    for (const int64_t value : {int64_t{1} << 32, int64_t{1} << 31, int64_t{-1}}) {
      const std::string key = std::string(pointer).substr(std::string(pointer).rfind('/') + 1);
      EXPECT_THAT(loaded_with(pointer, value), FailsWith(ErrorKind::kCorrupt, key)) << pointer;
    }
  }
  EXPECT_THAT(loaded_with("/last-sequence-number", std::numeric_limits<int64_t>::max()),
              FailsWith(ErrorKind::kCorrupt, "last-sequence-number"));
}

TEST_F(TableTest, WhenThereIsNoColumnIdLeftNoneIsGivenTwice) {
  auto table = CreateTable();
  table = Edited(*table, [](Json& document) { document["last-column-id"] = 2147483646; });
  auto fields = ItemSchema()->fields();
  fields.push_back(arrow::field("last", arrow::utf8()));
  EXPECT_OK(Grown(*table, *arrow::schema(fields)).status());
  fields.push_back(arrow::field("too many", arrow::utf8()));
  EXPECT_THAT(Grown(*table, *arrow::schema(fields)).status(),
              FailsWith(ErrorKind::kCorrupt, "no column id left"));
}

TEST_F(TableTest, FoldersMayHaveAnyName) {
  for (const char* name : {"with space", "100%", "%20", "größe", "a=b:c+d"}) {
    const std::string folder = folder_.path(name);
    const std::string db_path = folder + "/cat alog%.db";
    const std::string uri = Must(io::Resolve(folder)).uri;
    auto created = Table::Create(Must(OpenSqliteCatalog(db_path, true)), {uri + "/table", ItemSchema(), {}});
    ASSERT_OK(created.status());
    ASSERT_OK(AppendFiles(**created, {MakeFile("a", "81", 1)}));
    const auto table = Must(Table::Load(Must(OpenSqliteCatalog(db_path, false))));
    ASSERT_OK(AppendFiles(*table, {MakeFile("b", "81", 1)}));
    EXPECT_EQ(Paths(*table).size(), 2u) << name;
    EXPECT_TRUE(std::filesystem::is_directory(folder + "/table/metadata")) << name;
  }
}

TEST_F(TableTest, ReadsCompressedMetadata) {
  const auto table = CreateTable();
  const std::string path = PathOf(table->metadata_location());
  ASSERT_EQ(
      std::system(
          ("gzip -c '" + path + "' > '" + path + ".gz' && mv '" + path + ".gz' '" + path + "'").c_str()),
      0);
  EXPECT_EQ(LoadTable()->uuid(), table->uuid());
}

}  // namespace
}  // namespace earthcatalog::iceberg
