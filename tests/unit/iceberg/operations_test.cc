// The operations that change which files a table has, and its columns and properties: what each leaves in
// manifests and summaries, and what it refuses.
#include <map>
#include <vector>

#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/metadata.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using State = ManifestEntry::State;

class OperationsTest : public TableFixture {
 protected:
  using Request = Table::CommitRequest;
  using Removal = Table::Removal;

  static Request Files(std::vector<DataFile> files) {
    return {.files = std::move(files), .schema = nullptr, .summary = {}, .sync = false};
  }
  // Of the current snapshot's summary.
  static std::string Of(const Table& table, const std::string& key) {
    const auto summary = table.current_snapshot()->summary;
    const auto value = summary.find(key);
    return value == summary.end() ? "missing" : value->second;
  }
  static std::vector<ManifestFile> ManifestsOf(const Table& table) {
    return Must(DecodeManifestList(Slurp(PathOf(table.current_snapshot()->manifest_list))));
  }
  // "path state data-sequence-number file-sequence-number snapshot-number" of every entry, deleted ones too.
  static std::vector<std::string> Entries(const Table& table) {
    const TableMetadata metadata = Must(TableMetadata::Parse(Slurp(PathOf(table.metadata_location()))));
    std::vector<std::string> entries;
    for (const ManifestFile& manifest : ManifestsOf(table)) {
      const PartitionSpec spec = Must(metadata.FindSpec(manifest.spec_id));
      EXPECT_OK(DecodeManifest(Slurp(PathOf(manifest.path)), manifest, spec,
                               {.with_metrics = false, .deleted = true}, [&](const ManifestEntry& entry) {
                                 const auto by = metadata.FindSnapshot(*entry.snapshot_id);
                                 const char* states[] = {"existing", "added", "deleted"};
                                 entries.push_back(fmt::format(
                                     "{} {} {} {} {}", entry.file.path, states[static_cast<int>(entry.state)],
                                     *entry.sequence_number, *entry.file_sequence_number,
                                     by.ok() ? by->sequence_number : -1));
                                 return Status::OK();
                               }));
    }
    return entries;
  }
};

const DataFile kA = MakeFile("a", "81", 50, 10);
const DataFile kB = MakeFile("b", "81", 50, 20);
const DataFile kC = MakeFile("c", "82", 50, 30);

TEST_F(OperationsTest, RewrittenManifestsKeepTheSequenceNumbersTheirFilesCameWith) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA, kB}));
  ASSERT_OK(AppendFiles(*table, {kC}));
  ASSERT_OK(table->Overwrite(Files({MakeFile("d", "81", 50, 5)}), {.files = {kA}}));
  EXPECT_THAT(Entries(*table),
              UnorderedElementsAre("d added 3 3 3", "a deleted 1 1 3", "b existing 1 1 1", "c added 2 2 2"));
  const auto manifests = ManifestsOf(*table);
  ASSERT_EQ(manifests.size(), 3u);
  EXPECT_EQ(manifests[1].min_sequence_number, 2);
  EXPECT_EQ(manifests[2].min_sequence_number, 1);  // of the live file in a manifest that is new
  EXPECT_EQ(manifests[2].sequence_number, 3);
  EXPECT_EQ(manifests[2].existing_rows, 20);
  EXPECT_EQ(manifests[2].deleted_rows, 10);
}

TEST_F(OperationsTest, AManifestThatIsRewrittenTwiceStillKnowsWhoBroughtItsFiles) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA, kB, MakeFile("e", "81", 50)}));
  ASSERT_OK(table->Delete(Files({}), {.files = {kA}}));
  ASSERT_OK(table->Delete(Files({}), {.files = {kB}}));
  EXPECT_THAT(Entries(*table), UnorderedElementsAre("b deleted 1 1 3", "e existing 1 1 1"));
}

TEST_F(OperationsTest, ManifestsWithoutLiveFilesAreDroppedByTheNextCommit) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA}));
  ASSERT_OK(AppendFiles(*table, {kC}));
  ASSERT_OK(table->Delete(Files({}), {.files = {kA}}));
  EXPECT_EQ(ManifestsOf(*table).size(), 2u);
  EXPECT_THAT(Entries(*table), Contains("a deleted 1 1 3"));
  ASSERT_OK(AppendFiles(*table, {kB}));
  EXPECT_THAT(Entries(*table), UnorderedElementsAre("b added 4 4 4", "c added 2 2 2"));
  EXPECT_EQ(ManifestsOf(*table).size(), 2u);
}

TEST_F(OperationsTest, AReplacementCountsAsOldAsItIsTold) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA}));
  ASSERT_OK(AppendFiles(*table, {kB}));
  ASSERT_OK(table->Replace(Files({MakeFile("ab", "81", 50, 30)}), {kA, kB}, 1));
  EXPECT_THAT(Entries(*table), Contains("ab added 1 3 3"));
  EXPECT_EQ(ManifestsOf(*table).at(0).min_sequence_number, 1);
  EXPECT_EQ(Of(*table, "operation"), "replace");
  EXPECT_EQ(Of(*table, "total-records"), "30");
  EXPECT_EQ(Of(*table, "deleted-data-files"), "2");
}

TEST_F(OperationsTest, ASequenceNumberThatIsYetToComeIsRefused) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA}));
  EXPECT_THAT(table->Replace(Files({MakeFile("a2", "81", 50, 10)}), {kA}, 2),
              FailsWith(ErrorKind::kUsage, "no commit 2 yet"));
  EXPECT_THAT(table->Replace(Files({MakeFile("a2", "81", 50, 10)}), {kA}, -1),
              FailsWith(ErrorKind::kUsage, "no commit -1"));
  EXPECT_THAT(Paths(*LoadTable()), ElementsAre("a"));
}

TEST_F(OperationsTest, WhatASnapshotSaysItDid) {
  const auto table = CreateTable();
  const auto operation = [&] { return Of(*table, "operation"); };
  ASSERT_OK(table->Overwrite(Files({kA, kB}), {.everything = true}));
  EXPECT_EQ(operation(), "append") << "nothing was there";
  ASSERT_OK(table->Overwrite(Files({kC}), {.files = {kA}}));
  EXPECT_EQ(operation(), "overwrite");
  EXPECT_EQ(Of(*table, "changed-partition-count"), "2");
  ASSERT_OK(table->Overwrite(Files({}), {.files = {kB}}));
  EXPECT_EQ(operation(), "delete");
  ASSERT_OK(table->Delete(Files({}), {.partitions = {kC.partition}}));
  EXPECT_EQ(operation(), "delete");
  EXPECT_EQ(Of(*table, "total-records"), "0");
  EXPECT_EQ(Of(*table, "removed-files-size"), "3000");
}

TEST_F(OperationsTest, ADeletionThatFindsNothingIsNoAppend) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA}));
  ASSERT_OK(table->Delete(Files({}), {.partitions = {kC.partition}}));
  EXPECT_EQ(Of(*table, "operation"), "delete");
  EXPECT_EQ(Of(*table, "deleted-data-files"), "missing");
  EXPECT_THAT(Paths(*table), ElementsAre("a"));
}

TEST_F(OperationsTest, APathThatIsAddedAndRemovedIsRefused) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA, kC}));
  const auto before = MetadataFiles();
  const auto refused = FailsWith(ErrorKind::kUsage, "a cannot be both added and removed");
  EXPECT_THAT(table->Overwrite(Files({kA}), {.files = {kA}}), refused);
  EXPECT_THAT(table->Replace(Files({kA}), {kA}), refused);
  EXPECT_EQ(MetadataFiles(), before);
}

TEST_F(OperationsTest, APathThatIsAddedAndRemovedWithItsPartitionIsRefused) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA, kC}));
  const auto before = MetadataFiles();
  const auto refused = FailsWith(ErrorKind::kUsage, "a cannot be both added and removed");
  EXPECT_THAT(table->Overwrite(Files({kA}), {.partitions = {kA.partition}}), refused);
  EXPECT_THAT(table->Overwrite(Files({kA}), {.everything = true}), refused);
  EXPECT_EQ(MetadataFiles(), before);
}

TEST_F(OperationsTest, APathThatIsAddedTwiceIsRefused) {
  const auto table = CreateTable();
  EXPECT_THAT(AppendFiles(*table, {kA, kB, kA}), FailsWith(ErrorKind::kUsage, "a cannot be added twice"));
  EXPECT_FALSE(LoadTable()->current_snapshot());
}

TEST_F(OperationsTest, AReplacementOfMoreRowsIsRefused) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA, kC}));
  const auto before = MetadataFiles();
  EXPECT_THAT(table->Replace(Files({MakeFile("d", "81", 50, 11)}), {kA}),
              FailsWith(ErrorKind::kUsage, "10 rows cannot be replaced by 11"));
  EXPECT_EQ(MetadataFiles(), before);
  EXPECT_OK(table->Replace(Files({MakeFile("e", "81", 50, 9)}), {kA}));
}

TEST_F(OperationsTest, ADeletionThatAddsIsRefused) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA}));
  EXPECT_THAT(table->Delete(Files({kB}), {.files = {kA}}), FailsWith(ErrorKind::kUsage, "adds none"));
}

TEST_F(OperationsTest, TheSameFileReplacedByTwoIsAConflict) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA, kC}));
  const auto theirs = LoadTable();
  ASSERT_OK(theirs->Replace(Files({MakeFile("theirs", "81", 50, 10)}), {kA}));
  EXPECT_THAT(table->Replace(Files({MakeFile("ours", "81", 50, 10)}), {kA}),
              FailsWith(ErrorKind::kCommitConflict, "a, which this commit replaces, is no longer"));
  EXPECT_THAT(Paths(*LoadTable()), UnorderedElementsAre("theirs", "c"));
}

TEST_F(OperationsTest, OthersAppendsAndOtherFilesAreNoConflict) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA, kC}));
  const auto theirs = LoadTable();
  ASSERT_OK(AppendFiles(*theirs, {kB}));  // to the same partition
  ASSERT_OK(theirs->Delete(Files({}), {.files = {kC}}));
  ASSERT_OK(table->Replace(Files({MakeFile("ours", "81", 50, 10)}), {kA}));
  EXPECT_THAT(Paths(*LoadTable()), UnorderedElementsAre("ours", "b"));
  EXPECT_THAT(Entries(*table), UnorderedElementsAre("ours added 4 4 4", "a deleted 1 1 4", "b added 2 2 2"));
}

TEST_F(OperationsTest, AFileAddedMeanwhileToAPartitionThatGoesIsAConflict) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA, kC}));
  const auto other = LoadTable();
  const auto theirs = LoadTable();
  ASSERT_OK(AppendFiles(*theirs, {kB}));
  EXPECT_THAT(table->Overwrite(Files({MakeFile("d", "81", 50)}), {.partitions = {kA.partition}}),
              FailsWith(ErrorKind::kCommitConflict, "another writer has added b meanwhile"));
  EXPECT_OK(other->Overwrite(Files({MakeFile("e", "82", 50)}), {.partitions = {kC.partition}}));
  EXPECT_THAT(Paths(*LoadTable()), UnorderedElementsAre("a", "b", "e"));
}

TEST_F(OperationsTest, AFileOfAnOlderSequenceNumberAddedMeanwhileIsAConflictToo) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA, kB}));
  const auto theirs = LoadTable();
  ASSERT_OK(theirs->Replace(Files({MakeFile("compacted", "81", 50, 10)}), {kA}, 1));
  EXPECT_THAT(table->Delete(Files({}), {.everything = true}),
              FailsWith(ErrorKind::kCommitConflict, "another writer has added compacted meanwhile"));
}

TEST_F(OperationsTest, TotalsThatTheParentDoesNotKnowAreLeftOut) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {kA}));
  const auto edited = Edited(*table, [](Json& document) {
    document["snapshots"][0]["summary"].erase("total-records");
    document["snapshots"][0]["summary"]["total-files-size"] = "many";
  });
  ASSERT_OK(edited->Overwrite(Files({kB}), {.files = {kA}}));
  EXPECT_THAT(edited->current_snapshot()->summary,
              AllOf(Not(Contains(Key("total-records"))), Not(Contains(Key("total-files-size"))),
                    Contains(Pair("total-data-files", "1")), Contains(Pair("added-records", "20")),
                    Contains(Pair("deleted-records", "10"))));
}

TEST_F(OperationsTest, TwoWritersGiveNoColumnIdTwice) {
  const auto table = CreateTable();
  const auto theirs = LoadTable();
  const auto with = [](const std::string& name) {
    return [name](const std::shared_ptr<arrow::Schema>& current) -> Result<std::shared_ptr<arrow::Schema>> {
      if (current->GetFieldIndex(name) >= 0) return current;
      return current->AddField(current->num_fields(), arrow::field(name, arrow::utf8()));
    };
  };
  ASSERT_OK(theirs->EvolveSchema(with("theirs"), false));
  ASSERT_OK(table->EvolveSchema(with("ours"), false));
  const auto both = LoadTable();
  const auto id = [&](const char* name) { return Must(FieldIdOf(*both->schema()->GetFieldByName(name))); };
  EXPECT_EQ(id("ours"), id("theirs") + 1);
  EXPECT_EQ(both->last_column_id(), id("ours"));
  // The same column by both: one id, and no commit of the second.
  const std::string location = both->metadata_location();
  ASSERT_OK(theirs->EvolveSchema(with("ours"), false));
  EXPECT_EQ(LoadTable()->metadata_location(), location);
  EXPECT_EQ(Must(FieldIdOf(*theirs->schema()->GetFieldByName("ours"))), id("ours"));
  EXPECT_FALSE(both->current_snapshot());
}

TEST_F(OperationsTest, PropertiesAreSetAndRemovedWithoutASnapshot) {
  const auto table = CreateTable({{"kept", "1"}, {"gone", "2"}});
  const auto theirs = LoadTable();
  ASSERT_OK(theirs->SetProperties({{"theirs", "3"}}, {}, false));
  ASSERT_OK(table->SetProperties({{"new", "4"}}, {"gone", "never there"}, false));
  const auto loaded = LoadTable();
  EXPECT_THAT(loaded->properties(), AllOf(Contains(Pair("kept", "1")), Contains(Pair("theirs", "3")),
                                          Contains(Pair("new", "4")), Not(Contains(Key("gone")))));
  EXPECT_THAT(loaded->snapshots(), IsEmpty());
  ASSERT_OK(table->SetProperties({{"new", "4"}}, {"gone"}, false));
  EXPECT_EQ(LoadTable()->metadata_location(), loaded->metadata_location()) << "nothing changed";
  EXPECT_THAT(table->SetProperties({{"x", "1"}}, {"x"}, false), FailsWith(ErrorKind::kUsage, "x"));
}

// Else files would be deleted that the caller has just asked to be kept.
TEST_F(OperationsTest, ThatNothingIsToBeChangedIsNotBelievedOfAStaleView) {
  const auto table = CreateTable({{"gc.enabled", "false"}});
  const auto theirs = LoadTable();
  ASSERT_OK(theirs->SetProperties({{"gc.enabled", "true"}}, {}, false));
  ASSERT_OK(table->SetProperties({{"gc.enabled", "false"}}, {}, false));
  EXPECT_THAT(LoadTable()->properties(), Contains(Pair("gc.enabled", "false")));
  // The same of removing it.
  ASSERT_OK(theirs->SetProperties({}, {"gc.enabled"}, false));
  ASSERT_OK(table->SetProperties({{"gc.enabled", "false"}}, {}, false));
  ASSERT_OK(theirs->SetProperties({}, {"gc.enabled"}, false));
  EXPECT_THAT(LoadTable()->properties(), Not(Contains(Key("gc.enabled"))));
}

TEST_F(OperationsTest, AStaleWriterExpiresAndRewritesWhatOthersHaveMade) {
  const auto stale = CreateTable({{"commit.manifest-merge.enabled", "false"}});
  const auto rewrites = LoadTable();
  const auto theirs = LoadTable();
  ASSERT_OK(AppendFiles(*theirs, {MakeFile("a", "81", 1)}));
  ASSERT_OK(AppendFiles(*theirs, {MakeFile("b", "81", 1)}));
  ASSERT_OK(rewrites->RewriteManifests({.files = {}, .schema = nullptr, .summary = {}, .sync = false}));
  EXPECT_EQ(Manifests(*LoadTable()).size(), 1u);
  Table::ExpireReport report;
  ASSERT_OK(stale->Expire({.older_than_ms = INT64_MAX, .sync = false}, &report));
  EXPECT_EQ(report.snapshots.size(), 2u);
  EXPECT_EQ(LoadTable()->snapshots().size(), 1u);
}

// As a writer may leave them out.
TEST_F(OperationsTest, BoundsThatAListLacksHideNoFile) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("f", "81", 1)}));
  EditList(*table, [&](auto& manifests) {
    for (PartitionSummary& summary : *manifests[0].partitions) summary = {false, {}, {}, {}};
  });
  size_t found = 0;
  const auto count = [&](const DataFile&) {
    ++found;
    return Status::OK();
  };
  EXPECT_OK(table->ScanFiles(std::nullopt, {.cells = {{"81"}}, .years = Years{1971, 1971}}, count, false));
  EXPECT_EQ(found, 1u);
  ASSERT_OK(table->Delete({.files = {}, .schema = nullptr, .summary = {}, .sync = false},
                          {.partitions = {{"81", 1}}}));
  EXPECT_TRUE(Paths(*table).empty());
}

}  // namespace
}  // namespace earthcatalog::iceberg
