#include "earthcatalog/ingest/committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "earthcatalog/ingest/quarantine.h"
#include "unit/ingest/running.h"

namespace earthcatalog::ingest {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

using CommitterTest = SmallRunTest;

TEST_F(CommitterTest, EachChunkIsACommitAndCountedWhenItIs) {
  SmallRun run(locations_, 2, {.sync = true, .selection = {}});
  run.AddInventory(Inventory({"a.json", "other.txt", "b.json", "c.json", "bad.json", "d.json", "other.txt"}));
  std::vector<std::vector<uint64_t>> counted;
  const auto count = [&](size_t) {
    const CommitCounts counts = run.counts();
    counted.push_back({counts.rows_done, counts.catalogued, counts.quarantined, counts.rows_written,
                       counts.files_written, counts.columns_added, counts.commits, Snapshots().size()});
  };
  ASSERT_TRUE(run.Execute(count).ok());
  count(3);
  EXPECT_THAT(counted, ElementsAre(ElementsAre(0, 0, 0, 0, 0, 0, 0, 0), ElementsAre(2, 2, 0, 2, 2, 1, 1, 1),
                                   ElementsAre(4, 3, 1, 3, 3, 1, 2, 2), ElementsAre(5, 4, 1, 4, 4, 1, 3, 3)));
  ExpectDataFiles(4);
  const auto table = Reopened();
  EXPECT_NE(table->table().schema()->GetFieldIndex("a"), -1) << "the items' own column";
  EXPECT_EQ(table->GetInfo().ValueOrDie().row_count, 4);
  EXPECT_EQ(run.counts().bytes_written, static_cast<uint64_t>(table->GetInfo().ValueOrDie().total_bytes));
  // Each snapshot says how far it goes, and which quarantine is its own.
  std::vector<std::string> rows, selected, ended, quarantine;
  for (const iceberg::Snapshot& snapshot : table->table().snapshots()) {
    const auto note = [&](const std::string& key) {
      const auto found = snapshot.summary.find("earthcatalog." + key);
      return found == snapshot.summary.end() ? "" : found->second;
    };
    EXPECT_EQ(note("inventory"), run.selection().inventory);
    EXPECT_EQ(note("inventory-suffix"), ".json");
    rows.push_back(note("inventory-rows"));
    selected.push_back(note("inventory-selected"));
    ended.push_back(note("inventory-ended"));
    quarantine.push_back(note("quarantine"));
  }
  EXPECT_THAT(rows, ElementsAre("3", "5", "7")) << "with those that are no items";
  EXPECT_THAT(selected, ElementsAre("2", "4", "5"));
  EXPECT_THAT(ended, ElementsAre("", "", "true"));
  const std::string file = OnlyQuarantineName();
  EXPECT_THAT(quarantine, ElementsAre("", "[\"" + file + "\"]", ""));
  EXPECT_THAT(KeysIn(QuarantineFolder(Warehouse()).Join(file)), ElementsAre("bad.json"));
  EXPECT_THAT(run.counts().quarantine_files, ElementsAre(QuarantineFolder(Warehouse()).Join(file).path));
  EXPECT_THAT(run.counts().quarantined_by_kind, ElementsAre(Pair("not_found", 1)));
  ASSERT_THAT(run.counts().first_failures, SizeIs(1));
  EXPECT_EQ(run.counts().first_failures[0].message, "there is no bad.json");
}

TEST_F(CommitterTest, AllChunksAreOneCommitWhereFilesAreAddedAtOnce) {
  SmallRun run(locations_, 2, {.batch_add_files = true, .sync = false, .selection = {}});
  run.AddInventory(Inventory({"a.json", "bad-1.json", "b.json", "bad-2.json", "c.json"}));
  const auto nothing_yet = [&](size_t) {
    EXPECT_EQ(run.counts().rows_done, 0u);
    EXPECT_THAT(Snapshots(), IsEmpty());
    EXPECT_THAT(QuarantineNames(), IsEmpty()) << "few failures are held in memory";
  };
  ASSERT_TRUE(run.Execute(nothing_yet).ok());
  EXPECT_THAT(Snapshots(), SizeIs(1));
  ExpectDataFiles(3);
  const CommitCounts counts = run.counts();
  EXPECT_EQ(counts.commits, 1u);
  EXPECT_EQ(counts.rows_done, 5u);
  EXPECT_EQ(counts.catalogued, 3u);
  EXPECT_EQ(counts.quarantined, 2u);
  EXPECT_EQ(FindProgress(Reopened()->table(), run.selection()), (InventoryProgress{5, 5, true}));
  EXPECT_THAT(KeysIn(QuarantineFolder(Warehouse()).Join(OnlyQuarantineName())),
              ElementsAre("bad-1.json", "bad-2.json"));
}

TEST_F(CommitterTest, ManyFailuresAreStagedLongBeforeTheCommit) {
  SmallRun run(locations_, 1,
               {.batch_add_files = true, .sync = false, .max_failure_bytes = 1, .selection = {}});
  run.AddInventory(Inventory({"bad-1.json", "bad-2.json", "a.json"}));
  std::vector<size_t> staged;
  const auto look = [&](size_t) {
    staged.push_back(QuarantineNames().size());
    EXPECT_THAT(ListQuarantine(Warehouse()).ValueOrDie(), IsEmpty());
    EXPECT_EQ(run.counts().quarantined, 0u) << "no commit covers them";
  };
  ASSERT_TRUE(run.Execute(look).ok());
  EXPECT_THAT(staged, ElementsAre(0, 1, 2));
  EXPECT_THAT(ListQuarantine(Warehouse()).ValueOrDie(), SizeIs(2));
  EXPECT_EQ(QuarantineNames(), Notes().written);
  EXPECT_EQ(run.counts().quarantined, 2u);
  EXPECT_THAT(Snapshots(), SizeIs(1));
}

// Without it the quarantine would belong to no commit, and the next run would ask for the rows again.
TEST_F(CommitterTest, AChunkWhoseEveryRowFailedMakesASnapshot) {
  std::vector<std::string> keys;
  for (int i = 0; i < 12; ++i) keys.push_back(fmt::format("bad-{:02}.json", i));
  SmallRun run(locations_, 100);
  run.AddInventory(Inventory(keys));
  ASSERT_TRUE(run.Execute().ok());
  EXPECT_THAT(Snapshots(), SizeIs(1));
  ExpectDataFiles(0);
  EXPECT_EQ(FindProgress(Reopened()->table(), run.selection()), (InventoryProgress{12, 12, true}));
  EXPECT_EQ(Notes().written, QuarantineNames());
  EXPECT_EQ(KeysIn(QuarantineFolder(Warehouse()).Join(OnlyQuarantineName())), keys);
  EXPECT_EQ(run.counts().quarantined, 12u);
  EXPECT_THAT(run.counts().first_failures, SizeIs(10));
}

TEST_F(CommitterTest, RetriedQuarantineIsRemovedBehindTheCommitOfItsLastRow) {
  { const SmallRun makes_the_table(locations_); }
  const io::Location first = Quarantine(Warehouse(), {"a.json", "bad.json", "b.json"});
  const io::Location second = Quarantine(Warehouse(), {"c.json"});
  const std::string name = FileName(first.path);
  SmallRun run(locations_, 1);
  for (const io::Location& file : {first, second}) ASSERT_TRUE(run.sources().AddQuarantine(file).ok());
  std::vector<uint64_t> taken_up;
  ASSERT_TRUE(run.Execute([&](size_t chunk) {
                   taken_up.push_back(Notes().RowsTakenUp(name));
                   EXPECT_EQ(fs::exists(first.path), chunk < 3);
                   EXPECT_EQ(Notes().finished.contains(name), chunk == 3);
                   EXPECT_TRUE(fs::exists(second.path));
                 })
                  .ok());
  EXPECT_THAT(taken_up, ElementsAre(0, 1, 2, 2));
  EXPECT_THAT(Notes().finished, ElementsAre(name, FileName(second.path)));
  EXPECT_EQ(QuarantineNames(), Notes().written);
  EXPECT_THAT(KeysIn(QuarantineFolder(Warehouse()).Join(OnlyQuarantineName())), ElementsAre("bad.json"));
  // Each is named once, by the commit that is behind its last row.
  const auto snapshots = Snapshots();
  ASSERT_THAT(snapshots, SizeIs(4));
  EXPECT_EQ(snapshots[2].summary.at("earthcatalog.retried-quarantine"), "[\"" + name + "\"]");
  EXPECT_EQ(snapshots[3].summary.at("earthcatalog.retried-quarantine"),
            "[\"" + FileName(second.path) + "\"]");
  EXPECT_EQ(run.counts().catalogued, 3u);
}

TEST_F(CommitterTest, AFileWithoutAnyRowLeftIsRemovedWithoutACommit) {
  SmallRun run(locations_);
  const io::Location file = Quarantine(Warehouse(), {"a.json"});
  ASSERT_TRUE(run.sources().AddQuarantine(file, /*rows_done=*/1).ok());
  ASSERT_TRUE(run.Execute().ok());
  EXPECT_FALSE(fs::exists(file.path));
  EXPECT_THAT(Snapshots(), IsEmpty());
  EXPECT_EQ(run.counts().commits, 0u);
}

}  // namespace
}  // namespace earthcatalog::ingest
