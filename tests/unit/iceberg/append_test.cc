#include "earthcatalog/iceberg/manifest_list.h"
#include "earthcatalog/iceberg/schema.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

using AppendTest = TableFixture;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::vector<ManifestFile> ManifestsOf(const Snapshot& snapshot) {
  return Must(DecodeManifestList(Slurp(PathOf(snapshot.manifest_list))));
}

TEST_F(AppendTest, AFileComesBackAsItWasGiven) {
  const auto table = CreateTable();
  DataFile file = MakeFile("s3://b/grid_partition=81/year=2024/part.parquet", "81", 54);
  file.nan_value_counts = {{7, 1}};
  ASSERT_OK(AppendFiles(*table, {file}));
  int seen = 0;
  EXPECT_OK(LoadTable()->ScanFiles(std::nullopt, {}, [&](const DataFile& back) {
    ++seen;
    EXPECT_EQ(back.path, file.path);
    EXPECT_EQ(back.partition, file.partition);
    EXPECT_EQ(back.record_count, file.record_count);
    EXPECT_EQ(back.file_size, file.file_size);
    EXPECT_EQ(back.lower_bounds, file.lower_bounds);
    EXPECT_EQ(back.upper_bounds, file.upper_bounds);
    EXPECT_EQ(back.nan_value_counts, file.nan_value_counts);
    EXPECT_EQ(back.split_offsets, file.split_offsets);
    return Status::OK();
  }));
  EXPECT_EQ(seen, 1);
}

TEST_F(AppendTest, EverySnapshotStaysReadable) {
  const auto table = CreateTable();
  const auto watcher = LoadTable();
  std::vector<std::set<std::string>> expected;
  std::set<std::string> all;
  for (int i = 0; i < 5; ++i) {
    const std::string path = "f" + std::to_string(i);
    ASSERT_OK(AppendFiles(*table, {MakeFile(path, "81", i), MakeFile(path + "b", "82", i)}));
    all.insert({path, path + "b"});
    expected.push_back(all);
  }
  EXPECT_TRUE(Paths(*watcher).empty());
  const auto later = LoadTable();
  const auto snapshots = later->snapshots();
  ASSERT_EQ(snapshots.size(), 5u);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(Paths(*later, snapshots[i].id), expected[i]);
    EXPECT_EQ(snapshots[i].sequence_number, static_cast<int64_t>(i) + 1);
    EXPECT_EQ(snapshots[i].parent_id, i == 0 ? std::nullopt : std::optional(snapshots[i - 1].id));
  }
  EXPECT_EQ(later->current_snapshot()->id, snapshots[4].id);
  EXPECT_EQ(later->last_sequence_number(), 5);
  EXPECT_EQ(KindOf(later->ScanFiles(1, {}, [](const DataFile&) { return Status::OK(); })),
            ErrorKind::kNotFound);
}

TEST_F(AppendTest, SummariesCountTheCommitAndTheTable) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(
      *table, {MakeFile("a", "81", 54, 5), MakeFile("b", "81", 54, 6), MakeFile("c", "82", 54, 7)}));
  ASSERT_OK(table->Append({.files = {MakeFile("d", std::nullopt, std::nullopt, 1)},
                           .schema = nullptr,
                           .summary = {{"earthcatalog.items", "1"}, {"operation", "nonsense"}},
                           .sync = true}));
  EXPECT_THAT(table->current_snapshot()->summary,
              UnorderedElementsAre(
                  std::pair("operation", "append"), std::pair("earthcatalog.items", "1"),
                  std::pair("added-data-files", "1"), std::pair("added-records", "1"),
                  std::pair("added-files-size", "100"), std::pair("changed-partition-count", "1"),
                  std::pair("total-data-files", "4"), std::pair("total-records", "19"),
                  std::pair("total-files-size", "1900"), std::pair("total-delete-files", "0"),
                  std::pair("total-position-deletes", "0"), std::pair("total-equality-deletes", "0")));
  EXPECT_EQ(table->snapshots()[0].summary.at("changed-partition-count"), "2");
}

TEST_F(AppendTest, OldManifestsAreTakenOverNeitherReadNorWritten) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 54, 5)}));
  const auto first = ManifestsOf(*table->current_snapshot());
  std::filesystem::remove(PathOf(first.at(0).path));  // so that touching it would fail
  ASSERT_OK(AppendFiles(*table, {MakeFile("b", "82", 55, 6)}));
  const auto second = ManifestsOf(*table->current_snapshot());
  ASSERT_EQ(second.size(), 2u);
  EXPECT_EQ(second[1].path, first[0].path);
  EXPECT_EQ(second[1].sequence_number, 1);
  EXPECT_EQ(second[0].sequence_number, 2);
  EXPECT_EQ(second[0].min_sequence_number, 2);
  EXPECT_EQ(second[0].added_snapshot_id, table->current_snapshot()->id);
  EXPECT_EQ(second[0].added_files, 1);
  EXPECT_EQ(second[0].added_rows, 6);
  EXPECT_EQ(second[0].length, static_cast<int64_t>(std::filesystem::file_size(PathOf(second[0].path))));
}

TEST_F(AppendTest, FilesHaveTheNamesThatOthersGive) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 54)}));
  const std::string uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
  const auto snapshot = *table->current_snapshot();
  EXPECT_THAT(snapshot.manifest_list,
              ::testing::ContainsRegex(fmt::format("/metadata/snap-{}-0-{}\\.avro$", snapshot.id, uuid)));
  EXPECT_THAT(ManifestsOf(snapshot).at(0).path,
              ::testing::ContainsRegex("/metadata/" + uuid + "-m0\\.avro$"));
  EXPECT_THAT(table->metadata_location(),
              ::testing::ContainsRegex("/metadata/00001-" + uuid + "\\.metadata\\.json$"));
}

TEST_F(AppendTest, VeryManyFilesMakeSeveralManifestsInTheOrderOfTheirPartitions) {
  const auto table = CreateTable({{"commit.manifest.target-size-bytes", "10000"}});
  std::vector<DataFile> files;
  std::set<std::string> paths;
  for (int i = 0; i < 5000; ++i) {
    files.push_back(MakeFile("file-" + NewUuid(), "cell" + std::to_string(1000 + i % 7), i % 40));
    paths.insert(files.back().path);
  }
  ASSERT_OK(AppendFiles(*table, files));
  const auto manifests = ManifestsOf(*table->current_snapshot());
  EXPECT_GT(manifests.size(), 3u);
  int64_t added = 0;
  for (size_t i = 0; i < manifests.size(); ++i) {
    added += manifests[i].added_files;
    if (i > 0) {
      EXPECT_LE(*manifests[i - 1].partitions->at(0).upper, *manifests[i].partitions->at(0).lower);
    }
  }
  EXPECT_EQ(added, 5000);
  EXPECT_EQ(Paths(*table), paths);
}

TEST_F(AppendTest, TheSchemaGrowsInTheSameCommit) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 54)}));
  const auto wanted = Must(ItemSchema()->AddField(5, arrow::field("platform", arrow::utf8())));
  const auto schema = Must(Grown(*table, *wanted));
  EXPECT_TRUE(schema->Equals(*Must(Grown(*table, *schema)), true));
  EXPECT_EQ(Must(FieldIdOf(*schema->GetFieldByName("platform"))), 10);
  ASSERT_OK(
      table->Append({.files = {MakeFile("b", "81", 54)}, .schema = schema, .summary = {}, .sync = false}));
  EXPECT_TRUE(LoadTable()->schema()->Equals(*schema, true));
  const Json document = Document(*table);
  EXPECT_EQ(document["current-schema-id"], 1);
  EXPECT_EQ(document["schemas"].size(), 2u);
  EXPECT_EQ(document["last-column-id"], 10);
  EXPECT_EQ(document["snapshots"][0]["schema-id"], 0);
  EXPECT_EQ(document["snapshots"][1]["schema-id"], 1);
  EXPECT_EQ(document["properties"]["schema.name-mapping.default"], NameMappingJson(*schema));
  EXPECT_EQ(Paths(*table).size(), 2u);

  // The same schema again changes nothing, without files not even a version.
  const std::string location = table->metadata_location();
  ASSERT_OK(table->Append({.files = {}, .schema = schema, .summary = {}, .sync = false}));
  EXPECT_EQ(table->metadata_location(), location);
}

TEST_F(AppendTest, TheSchemaGrowsBySeveralStepsInOneCommit) {
  const auto table = CreateTable();
  int last_column_id = table->last_column_id();
  auto schema = table->schema();
  for (const char* name : {"platform", "mission", "gsd"}) {  // each sorts before the one before
    const auto wanted = Must(schema->AddField(0, arrow::field(name, arrow::utf8())));
    schema = Must(AssignFieldIds(*wanted, schema.get(), &last_column_id));
  }
  ASSERT_OK(
      table->Append({.files = {MakeFile("a", "81", 54)}, .schema = schema, .summary = {}, .sync = false}));
  EXPECT_TRUE(LoadTable()->schema()->Equals(*schema, true));
  EXPECT_EQ(Must(FieldIdOf(*schema->GetFieldByName("gsd"))), 12);
  EXPECT_EQ(Document(*table)["last-column-id"], 12);
  EXPECT_EQ(Document(*table)["schemas"].size(), 2u);
}

TEST_F(AppendTest, ASchemaAloneMakesNoSnapshot) {
  const auto table = CreateTable();
  const auto schema =
      Must(Grown(*table, *Must(ItemSchema()->AddField(0, arrow::field("platform", arrow::utf8())))));
  ASSERT_OK(table->Append({.files = {}, .schema = schema, .summary = {}, .sync = false}));
  EXPECT_EQ(table->current_snapshot(), std::nullopt);
  EXPECT_NE(LoadTable()->schema()->GetFieldByName("platform"), nullptr);
}

// What a commit has to say may concern no file.
TEST_F(AppendTest, ASummaryAloneMakesASnapshotWithTheFilesOfItsParent) {
  const auto table = CreateTable();
  ASSERT_OK(table->Append({.files = {}, .schema = nullptr, .summary = {{"said", "first"}}}));
  EXPECT_TRUE(Paths(*table).empty());
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 1, 10)}));
  ASSERT_OK(table->Append({.files = {}, .schema = nullptr, .summary = {{"said", "last"}}}));
  const auto later = LoadTable();
  EXPECT_EQ(Paths(*later), std::set<std::string>{"a"});
  const auto snapshots = later->snapshots();
  ASSERT_EQ(snapshots.size(), 3u);
  EXPECT_EQ(snapshots[0].summary.at("said"), "first");
  EXPECT_EQ(snapshots[0].summary.at("total-records"), "0");
  EXPECT_EQ(snapshots[2].summary.at("said"), "last");
  EXPECT_EQ(snapshots[2].summary.at("operation"), "append");
  EXPECT_EQ(snapshots[2].summary.at("total-records"), "10");
  EXPECT_EQ(snapshots[2].summary.count("added-data-files"), 0u);
  EXPECT_EQ(ManifestsOf(snapshots[2]).size(), 1u);
}

TEST_F(AppendTest, FilesOfAnOlderSchemaAreStillWelcome) {
  const auto table = CreateTable();
  const auto other = LoadTable();
  const auto old_schema = table->schema();
  const auto wider = Must(Grown(*other, *Must(ItemSchema()->AddField(0, arrow::field("x", arrow::utf8())))));
  ASSERT_OK(
      other->Append({.files = {MakeFile("a", "81", 1)}, .schema = wider, .summary = {}, .sync = false}));
  ASSERT_OK(
      table->Append({.files = {MakeFile("b", "81", 1)}, .schema = old_schema, .summary = {}, .sync = false}));
  EXPECT_TRUE(table->schema()->Equals(*wider, true));
  EXPECT_THAT(Paths(*table), UnorderedElementsAre("a", "b"));
}

TEST_F(AppendTest, IdsThatAnotherWriterTookMeanwhileAreAConflict) {
  const auto table = CreateTable();
  const auto other = LoadTable();
  const auto with = [](const char* name) {
    return *Must(ItemSchema()->AddField(0, arrow::field(name, arrow::utf8())));
  };
  const auto mine = Must(Grown(*table, with("mine")));
  const auto theirs = Must(Grown(*other, with("theirs")));
  ASSERT_OK(
      other->Append({.files = {MakeFile("a", "81", 1)}, .schema = theirs, .summary = {}, .sync = false}));
  const auto before = MetadataFiles();
  EXPECT_EQ(KindOf(table->Append(
                {.files = {MakeFile("b", "81", 1)}, .schema = mine, .summary = {}, .sync = false})),
            ErrorKind::kCommitConflict);
  EXPECT_EQ(MetadataFiles(), before);  // nothing of the failed commit stays
  EXPECT_THAT(Paths(*LoadTable()), ElementsAre("a"));
}

// A store whose swaps fail as told.
class BrokenStore : public CatalogStore {
 public:
  enum class Mode { kWorks, kFailsBefore, kFailsAfter, kUnreachableAfter, kAlwaysLoses };
  BrokenStore(std::shared_ptr<CatalogStore> store) : store_(std::move(store)) {}

  Result<std::optional<std::string>> CurrentMetadata() override {
    if (unreachable_) return Status::IOError("gone");
    return store_->CurrentMetadata();
  }
  Status Create(const std::string& location) override { return store_->Create(location); }
  Status Swap(const std::string& expected, const std::string& location) override {
    ++swaps;
    if (mode == Mode::kAlwaysLoses) return MakeError(ErrorKind::kCommitConflict, "lost");
    if (mode != Mode::kFailsBefore) ARROW_RETURN_NOT_OK(store_->Swap(expected, location));
    if (mode == Mode::kWorks) return Status::OK();
    unreachable_ = mode == Mode::kUnreachableAfter;
    return Status::IOError("broken");
  }

  Mode mode = Mode::kWorks;
  int swaps = 0;

 private:
  std::shared_ptr<CatalogStore> store_;
  bool unreachable_ = false;
};

TEST_F(AppendTest, AFailedSwapLeavesTheTableAndTheFolderAsTheyWere) {
  CreateTable();
  const auto store = std::make_shared<BrokenStore>(OpenStore());
  const auto table = Must(Table::Load(store));
  const auto before = MetadataFiles();
  store->mode = BrokenStore::Mode::kFailsBefore;
  EXPECT_TRUE(AppendFiles(*table, {MakeFile("a", "81", 1)}).IsIOError());
  EXPECT_EQ(MetadataFiles(), before);
  EXPECT_TRUE(Paths(*LoadTable()).empty());
  store->mode = BrokenStore::Mode::kWorks;
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 1)}));
  EXPECT_THAT(Paths(*LoadTable()), ElementsAre("a"));
}

TEST_F(AppendTest, ASwapThatWorkedButSaysItFailedIsACommit) {
  CreateTable();
  const auto store = std::make_shared<BrokenStore>(OpenStore());
  const auto table = Must(Table::Load(store));
  store->mode = BrokenStore::Mode::kFailsAfter;
  EXPECT_OK(AppendFiles(*table, {MakeFile("a", "81", 1)}));
  EXPECT_THAT(Paths(*table), ElementsAre("a"));
  EXPECT_EQ(table->snapshots().size(), 1u);
}

TEST_F(AppendTest, NothingIsDeletedWhileTheOutcomeIsUnknown) {
  CreateTable();
  const auto store = std::make_shared<BrokenStore>(OpenStore());
  const auto table = Must(Table::Load(store));
  store->mode = BrokenStore::Mode::kUnreachableAfter;
  EXPECT_TRUE(AppendFiles(*table, {MakeFile("a", "81", 1)}).IsIOError());
  EXPECT_THAT(Paths(*LoadTable()), ElementsAre("a"));
}

}  // namespace
}  // namespace earthcatalog::iceberg
