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

TEST_F(TableTest, PropertiesAreMergedAndCommitted) {
  const auto table = CreateTable({{"a", "1"}, {"b", "2"}});
  const auto other = LoadTable();
  ASSERT_OK(table->SetProperties({{"b", "3"}}));
  ASSERT_OK(other->SetProperties({{"c", "4"}}));  // on top of what it had not seen
  EXPECT_EQ(table->properties().at("b"), "3");
  EXPECT_FALSE(table->properties().contains("c"));
  ASSERT_OK(table->Refresh());
  for (const auto& [key, value] : std::map<std::string, std::string>{{"a", "1"}, {"b", "3"}, {"c", "4"}}) {
    EXPECT_EQ(table->properties().at(key), value);
    EXPECT_EQ(LoadTable()->properties().at(key), value);
  }
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
  const auto table = CreateTable({{"write.metadata.previous-versions-max", "3"}});
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
  ASSERT_OK(table->SetProperties({{"write.metadata.delete-after-commit.enabled", "true"}}));
  EXPECT_FALSE(std::filesystem::exists(PathOf(versions[3])));
  EXPECT_TRUE(std::filesystem::exists(PathOf(versions[4])));
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
