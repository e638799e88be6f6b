// What or who comes between a run and its commits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "earthcatalog/iceberg/sqlite_connection.h"
#include "earthcatalog/ingest/committer.h"
#include "earthcatalog/ingest/quarantine.h"
#include "unit/ingest/running.h"

namespace earthcatalog::ingest {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class CommitterTroubleTest : public SmallRunTest {
 protected:
  std::unique_ptr<catalog::Lock> TakeLock() const {
    return catalog::Lock::Acquire(locations_.LockFolder().ValueOrDie(), "incremental").ValueOrDie();
  }
  void RemoveLock() const {
    ASSERT_TRUE(catalog::RemoveLock(locations_.LockFolder().ValueOrDie(), /*force=*/true).ok());
  }
};

TEST_F(CommitterTroubleTest, WhoseLockWasTakenAwayCommitsNothingMoreAndTakesBackWhatItWrote) {
  const auto lock = TakeLock();
  {
    SmallRun run(locations_, 2, {.sync = false, .lock = lock.get(), .selection = {}});
    run.AddInventory(Inventory({"a.json", "bad-1.json", "b.json", "bad-2.json", "c.json"}));
    const Status status = run.Execute([&](size_t chunk) {
      if (chunk == 1) RemoveLock();
    });
    EXPECT_EQ(KindOf(status), ErrorKind::kLocked) << status;
    // Staged before the commit, to be published after it.
    EXPECT_THAT(QuarantineNames(), SizeIs(2));
    EXPECT_THAT(ListQuarantine(Warehouse()).ValueOrDie(), SizeIs(1));
    EXPECT_EQ(run.counts().rows_done, 2u);
    EXPECT_EQ(run.counts().quarantined, 1u);
    EXPECT_EQ(FindProgress(Reopened()->table(), run.selection()), (InventoryProgress{2, 2, false}));
  }
  ExpectDataFiles(1);
  EXPECT_THAT(Snapshots(), SizeIs(1));
  EXPECT_EQ(QuarantineNames(), Notes().written);
  EXPECT_THAT(KeysIn(QuarantineFolder(Warehouse()).Join(OnlyQuarantineName())), ElementsAre("bad-1.json"));
}

TEST_F(CommitterTroubleTest, AWarehouseThatVanishedIsNotMadeAnew) {
  const std::string elsewhere = folder_ / "elsewhere";
  {
    SmallRun run(locations_);
    run.AddInventory(Inventory({"a.json", "b.json", "bad.json", "c.json"}));
    const Status status = run.Execute([&](size_t chunk) {
      if (chunk == 1) fs::rename(locations_.warehouse, elsewhere);
    });
    EXPECT_THAT(status.message(), HasSubstr("is no longer there"));
    EXPECT_EQ(run.counts().rows_done, 2u);
  }
  EXPECT_FALSE(fs::exists(locations_.warehouse));
  EXPECT_THAT(QuarantineNames(), IsEmpty());
  fs::rename(elsewhere, locations_.warehouse);
  EXPECT_THAT(Snapshots(), SizeIs(1));
  EXPECT_THAT(DataFilesOf(Reopened()->table()), SizeIs(2));
}

TEST_F(CommitterTroubleTest, AStagedFileThatSomebodyRemovedIsNotedByNoCommit) {
  {
    SmallRun run(locations_, 1,
                 {.batch_add_files = true, .sync = false, .max_failure_bytes = 1, .selection = {}});
    run.AddInventory(Inventory({"bad.json", "a.json"}));
    const Status status = run.Execute([&](size_t chunk) {
      if (chunk == 1) fs::remove_all(QuarantineFolder(Warehouse()).path);
    });
    EXPECT_THAT(status.message(), HasSubstr(".staged is gone"));
  }
  EXPECT_THAT(Snapshots(), IsEmpty());
  ExpectDataFiles(0);
}

TEST_F(CommitterTroubleTest, AnotherRunOfTheSameInventoryEndsThisOne) {
  const std::string inventory = Inventory({"a.json", "b.json", "c.json", "bad.json", "d.json"});
  {
    SmallRun run(locations_);
    run.AddInventory(inventory);
    const Status status = run.Execute([&](size_t chunk) {
      if (chunk != 1) return;
      SmallRun other(locations_);
      other.AddInventory(inventory);
      ASSERT_TRUE(other.Execute().ok());
    });
    EXPECT_THAT(status.message(), HasSubstr("another run has added rows of the same inventory meanwhile"));
    EXPECT_EQ(run.counts().commits, 1u);
    EXPECT_EQ(FindProgress(Reopened()->table(), run.selection()), (InventoryProgress{5, 5, true}));
  }
  EXPECT_THAT(Snapshots(), SizeIs(1 + 3));
  ExpectDataFiles(2 + 4);
  EXPECT_EQ(QuarantineNames(), Notes().written) << "only the other run's";
}

TEST_F(CommitterTroubleTest, WhatOthersDoBesidesIsNoTrouble) {
  { const SmallRun makes_the_table(locations_); }
  const io::Location file = Quarantine(Warehouse(), {"q-1.json", "q-2.json", "q-3.json"});
  SmallRun run(locations_);
  run.AddInventory(Inventory({"a.json", "b.json", "bad.json"}));
  ASSERT_TRUE(run.sources().AddQuarantine(file).ok());
  std::vector<uint64_t> taken_up;
  const auto besides = [&](size_t chunk) {
    taken_up.push_back(Notes().RowsTakenUp(FileName(file.path)));
    SmallRun other(locations_);  // the first time before anything is committed
    other.AddInventory(Inventory({fmt::format("{}.json", chunk)}, "other.csv"));
    ASSERT_TRUE(other.Execute().ok());
    const auto third = Reopened();
    ASSERT_TRUE(third->table().Append({.files = {}, .schema = nullptr, .summary = {{"x", "y"}}}).ok());
  };
  ASSERT_TRUE(run.Execute(besides).ok());
  EXPECT_THAT(taken_up, ElementsAre(0, 2, 2, 2));
  EXPECT_EQ(run.counts().commits, 4u);
  EXPECT_THAT(Snapshots(), SizeIs(4 + 2 * 4));
  ExpectDataFiles(5 + 4);
  EXPECT_EQ(FindProgress(Reopened()->table(), run.selection()), (InventoryProgress{3, 3, true}));
  EXPECT_THAT(Notes().finished, ElementsAre(FileName(file.path)));
  EXPECT_THAT(Notes().written, ElementsAre(OnlyQuarantineName()));
}

TEST_F(CommitterTroubleTest, RetriedQuarantineStaysWhereItsCommitFails) {
  { const SmallRun makes_the_table(locations_); }
  const io::Location file = Quarantine(Warehouse(), {"a.json", "b.json"});
  const auto lock = TakeLock();
  SmallRun run(locations_, 1, {.sync = false, .lock = lock.get(), .selection = {}});
  ASSERT_TRUE(run.sources().AddQuarantine(file).ok());
  EXPECT_EQ(KindOf(run.Execute([&](size_t chunk) {
              if (chunk == 1) RemoveLock();
            })),
            ErrorKind::kLocked);
  EXPECT_THAT(KeysIn(file), ElementsAre("a.json", "b.json"));
  EXPECT_THAT(Notes().rows_taken_up, ElementsAre(Pair(FileName(file.path), 1)));
  EXPECT_THAT(Notes().finished, IsEmpty());
}

TEST_F(CommitterTroubleTest, AnotherRetryOfTheSameQuarantineEndsThisOne) {
  { const SmallRun makes_the_table(locations_); }
  const io::Location file = Quarantine(Warehouse(), {"a.json", "b.json", "c.json"});
  {
    SmallRun run(locations_, 1);
    ASSERT_TRUE(run.sources().AddQuarantine(file).ok());
    const Status status = run.Execute([&](size_t chunk) {
      if (chunk != 1) return;
      SmallRun other(locations_);
      ASSERT_TRUE(other.sources().AddQuarantine(file).ok());
      ASSERT_TRUE(other.Execute().ok());
    });
    EXPECT_THAT(status.message(), HasSubstr("another run has added rows of the same quarantine meanwhile"));
  }
  EXPECT_THAT(Snapshots(), SizeIs(1 + 2));
  ExpectDataFiles(1 + 3);
}

// An orphan costs space, a missing file the table.
TEST_F(CommitterTroubleTest, WhatTheTableMayNameStays) {
  {
    SmallRun run(locations_);
    run.AddInventory(Inventory({"a.json", "bad.json"}));
    const auto database = iceberg::SqliteConnection::Open(locations_.db_path, false).ValueOrDie();
    const Status status = run.Execute(
        [&](size_t) { ASSERT_TRUE(database.Run("ALTER TABLE iceberg_tables RENAME TO hidden").ok()); });
    EXPECT_EQ(KindOf(status), ErrorKind::kCommitUnknown) << status;
    EXPECT_EQ(run.counts().rows_done, 0u);
    ASSERT_TRUE(database.Run("ALTER TABLE hidden RENAME TO iceberg_tables").ok());
  }
  EXPECT_THAT(DataFilesBelow(locations_.warehouse), SizeIs(1));
  EXPECT_THAT(OnlyQuarantineName(), testing::EndsWith(".parquet.staged"));
  EXPECT_THAT(Snapshots(), IsEmpty());
}

}  // namespace
}  // namespace earthcatalog::ingest
