#include "earthcatalog/ingest/snapshot_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/ingest/quarantine.h"

namespace earthcatalog::ingest {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class SnapshotNotesTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto folder = std::filesystem::path(testing::TempDir()) /
                        testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder);
    paths_ = catalog::Paths::FromBase(folder.string()).ValueOrDie();
    catalog_ = OpenCatalog();
  }

  std::unique_ptr<catalog::Catalog> OpenCatalog() const {
    return catalog::Catalog::OpenOrCreate(paths_, std::nullopt).ValueOrDie();
  }
  static void Commit(catalog::Catalog* catalog, const Summary& summary) {
    ASSERT_TRUE(catalog->table().Append({.files = {}, .schema = nullptr, .summary = summary}).ok());
  }
  void Commit(const Summary& summary) { Commit(catalog_.get(), summary); }
  void CommitProgress(const Selection& selection, const InventoryProgress& progress) {
    Summary summary;
    NoteInventory(selection, progress, &summary);
    Commit(summary);
  }
  std::optional<uint64_t> RowsDone(const Selection& selection) {
    const auto progress = FindProgress(catalog_->table(), selection);
    return progress ? std::optional(progress->rows) : std::nullopt;
  }

  // All but the last snapshot go.
  iceberg::Table::ExpireReport Expire(const std::function<Summary()>& carried) {
    iceberg::Table::ExpireReport report;
    const Status expired =
        catalog_->table().Expire({.older_than_ms = INT64_MAX, .keep_last = 1, .carried = carried}, &report);
    EXPECT_TRUE(expired.ok()) << expired.ToString();
    return report;
  }

  catalog::Paths paths_;
  std::unique_ptr<catalog::Catalog> catalog_;
};

TEST_F(SnapshotNotesTest, TheNewestWordOnASelectionCounts) {
  const Selection all{"x", std::nullopt, ".json"};
  EXPECT_EQ(FindProgress(catalog_->table(), all), std::nullopt);
  CommitProgress(all, {10, 7, false});
  CommitProgress({"y", std::nullopt, ".json"}, {99, 99, true});  // another writer's, in between
  Commit({{"nothing", "of ours"}});
  EXPECT_EQ(RowsDone(all), 10u);
  CommitProgress(all, {30, 21, true});
  const auto progress = FindProgress(catalog_->table(), all);
  ASSERT_TRUE(progress);
  EXPECT_EQ(progress->rows, 30u);
  EXPECT_EQ(progress->selected, 21u);
  EXPECT_TRUE(progress->ended);
  CommitProgress(all, {5, 5, false});  // begun again
  EXPECT_EQ(RowsDone(all), 5u);
}

TEST_F(SnapshotNotesTest, AnotherSelectionIsAnotherProgress) {
  const std::vector<Selection> selections = {
      {"x", std::nullopt, ".json"}, {"x", 0, ".json"},           {"x", 1, ".json"},
      {"x", std::nullopt, ""},      {"x", std::nullopt, "\xff"}, {"y", std::nullopt, ".json"}};
  for (size_t i = 0; i < selections.size(); ++i) CommitProgress(selections[i], {i, i, false});
  for (size_t i = 0; i < selections.size(); ++i) EXPECT_EQ(RowsDone(selections[i]), i);
}

TEST_F(SnapshotNotesTest, OtherSelectionsOfTheSameInventoryWithTheFurthestOfEach) {
  const Selection all{"x", std::nullopt, ".json"};
  const Selection since{"x", 0, ".json"};
  CommitProgress(since, {40, 30, true});
  CommitProgress({"x", std::nullopt, ""}, {9, 9, false});
  CommitProgress(since, {20, 10, false});  // begun again
  CommitProgress({"y", 0, ".json"}, {50, 50, true});
  CommitProgress({"x", 1, ".json"}, {40, 0, true});  // chose nothing
  CommitProgress(all, {7, 7, false});
  const auto others = FindOtherSelections(catalog_->table(), all);
  ASSERT_EQ(others.size(), 2u);
  EXPECT_EQ(others[0].since, "1970-01-01T00:00:00Z");
  EXPECT_EQ(others[0].suffix, ".json");
  EXPECT_EQ(others[0].progress, (InventoryProgress{40, 30, true}));
  EXPECT_EQ(others[1].since, "");
  EXPECT_EQ(others[1].suffix, "");
  EXPECT_EQ(others[1].progress.selected, 9u);
  EXPECT_EQ(FindOtherSelections(catalog_->table(), {"z", 0, ""}).size(), 0u);
}

TEST_F(SnapshotNotesTest, DamagedNotesSayNothing) {
  for (const char* rows : {"", "-1", "1e3", "99999999999999999999"}) {
    Summary summary;
    NoteInventory({"x", std::nullopt, ""}, {1, 1, false}, &summary);
    summary["earthcatalog.inventory-rows"] = rows;
    Commit(summary);
  }
  EXPECT_EQ(RowsDone({"x", std::nullopt, ""}), std::nullopt);
  for (const char* text : {"", "[", "{}", "[1, null]", "7"}) {
    Commit({{"earthcatalog.quarantine", text}, {"earthcatalog.retried-quarantine", text}});
  }
  for (const char* text : {"", "[]", R"({"a": -1, "b": "1", "c": 1.5})"}) {
    Commit({{"earthcatalog.retried-quarantine-rows", text}});
  }
  const QuarantineNotes notes = FindQuarantineNotes(catalog_->table());
  EXPECT_THAT(notes.written, IsEmpty());
  EXPECT_THAT(notes.finished, IsEmpty());
  EXPECT_THAT(notes.rows_taken_up, IsEmpty());
}

TEST_F(SnapshotNotesTest, QuarantineNotesAddUp) {
  const auto commit = [&](const QuarantineNotes& notes) {
    Summary summary;
    NoteQuarantine(notes, &summary);
    Commit(summary);
  };
  commit({{"a", "b"}, {}, {}});
  commit({{}, {}, {{"a", 10}}});
  commit({{"c"}, {"b"}, {{"a", 20}}});
  const QuarantineNotes notes = FindQuarantineNotes(catalog_->table());
  EXPECT_THAT(notes.written, ElementsAre("a", "b", "c"));
  EXPECT_THAT(notes.finished, ElementsAre("b"));
  EXPECT_THAT(notes.rows_taken_up, ElementsAre(Pair("a", 20)));
}

TEST_F(SnapshotNotesTest, ItemsAreCountedWithTheirRows) {
  const auto commit = [&](uint64_t items, const char* rows) {
    Summary summary = {{"added-records", rows}};
    NoteItems(items, &summary);
    Commit(summary);
  };
  const auto expect = [&](uint64_t items, uint64_t rows) {
    const ItemCounts counts = FindItems(catalog_->table());
    EXPECT_EQ(counts.items, items);
    EXPECT_EQ(counts.rows, rows);
  };
  expect(0, 0);
  commit(3, "7");
  commit(0, "100");                       // not said how many items these are
  Commit({{"earthcatalog.items", "5"}});  // without rows
  Commit({{"added-records", "1"}, {"earthcatalog.items", "-5"}});
  expect(3, 7);
  commit(2, "4");
  expect(5, 11);
  for (int round = 0; round < 2; ++round) {
    Expire([&] { return NotesToCarry(catalog_->table(), {}); });
    expect(5, 11);
    Commit({{"so that", "one may go"}});
  }
  commit(1, "1");
  expect(6, 12);
}

// Whatever was noted in which order: what a run would find before and after the older snapshots are gone.
TEST_F(SnapshotNotesTest, WhatResumingNeedsOutlivesTheSnapshotsThatSaidIt) {
  const std::vector<Selection> selections = {{"x", std::nullopt, ".json"},
                                             {"x", 1'700'000'000'000'000, ".json"},
                                             {"x", std::nullopt, "\xe9.json"},
                                             {"y", std::nullopt, ".json"},
                                             {"never", std::nullopt, ".json"}};
  std::minstd_rand random(5);
  uint64_t overflowed_score = 0, overflowed_ab = 0;
  for (int round = 0; round < 6; ++round) {
    for (int commit = 0; commit < 8; ++commit) {
      const uint64_t rows = random() % 50;
      CommitProgress(selections[random() % 4], {rows, rows / 2, random() % 5 == 0});
    }
    Summary quarantine;
    NoteQuarantine({.written = {"a"}, .finished = {"b"}, .rows_taken_up = {{"b", 3}, {"c", uint64_t(round)}}},
                   &quarantine);
    Commit(quarantine);
    for (int commit = 0; commit < 2; ++commit) {
      Summary overflowed;
      NoteOverflowed({{"score", {uint64_t(round), "id", "1"}}, {"a.b", {1, "id", "2"}}}, &overflowed);
      Commit(overflowed);
      overflowed_score += uint64_t(round);
      ++overflowed_ab;
    }
    EXPECT_THAT(FindOverflowed(catalog_->table()),
                ElementsAre(Pair("a.b", overflowed_ab), Pair("score", overflowed_score)));
    std::vector<std::optional<InventoryProgress>> newest, furthest;
    for (const Selection& selection : selections) {
      newest.push_back(FindProgress(catalog_->table(), selection));
      furthest.push_back(FindFurthest(catalog_->table(), selection));
    }
    const QuarantineNotes settled = FindQuarantineNotes(catalog_->table());
    const auto report = Expire([&] { return NotesToCarry(catalog_->table(), settled); });
    EXPECT_GE(report.snapshots.size(), 8u);
    EXPECT_EQ(catalog_->table().snapshots().size(), 2u) << "the last one, and the one that carries the notes";
    for (size_t i = 0; i < selections.size(); ++i) {
      EXPECT_EQ(FindProgress(catalog_->table(), selections[i]), newest[i]) << i;
      EXPECT_EQ(FindFurthest(catalog_->table(), selections[i]), furthest[i]) << i;
    }
    EXPECT_THAT(FindQuarantineNotes(catalog_->table()).rows_taken_up["c"], uint64_t(round));
    EXPECT_THAT(FindOverflowed(catalog_->table()),
                ElementsAre(Pair("a.b", overflowed_ab), Pair("score", overflowed_score)));
  }
}

// Another writer commits between the settling of the quarantine and the attempt that succeeds.
TEST_F(SnapshotNotesTest, DangerQuarantineOfACommitDuringAnExpiryIsLost) {
  const io::Location warehouse = catalog_->warehouse();
  const auto commit_failed_row = [&](catalog::Catalog* catalog, const char* key, const char* retried) {
    std::vector<io::Location> staged;
    ASSERT_TRUE(StageQuarantine(warehouse, {{"bucket", key, "not_found", "gone", 0}}, &staged).ok());
    Summary summary;
    NoteQuarantine({.written = {FileName(staged.at(0).path)}, .finished = {retried}}, &summary);
    Commit(catalog, summary);
  };
  commit_failed_row(catalog_.get(), "a", "failed_1.parquet");
  QuarantineNotes settled = FindQuarantineNotes(catalog_->table());
  ASSERT_TRUE(SettleQuarantine(warehouse, settled).ok());
  Commit({{"so that", "one may go"}});
  int attempts = 0;
  Expire([&] {
    if (attempts++ == 0) {
      const auto another = OpenCatalog();
      commit_failed_row(another.get(), "b", "failed_2.parquet");
      Commit(another.get(), {{"after", "it"}});
    }
    return NotesToCarry(catalog_->table(), settled);
  });
  EXPECT_EQ(attempts, 2);

  // What the next run finds.
  settled = FindQuarantineNotes(catalog_->table());
  EXPECT_THAT(settled.written, SizeIs(1)) << "of those two, the one that was settled need not be carried";
  EXPECT_THAT(settled.finished, ElementsAre("failed_2.parquet"));
  EXPECT_THAT(UncommittedQuarantine(warehouse, settled).ValueOrDie(), IsEmpty());
  ASSERT_TRUE(SettleQuarantine(warehouse, settled).ok());
  EXPECT_THAT(ListQuarantine(warehouse).ValueOrDie(), SizeIs(2));

  // Carried once, not for ever.
  Commit({{"and", "another"}});
  Expire([&] { return NotesToCarry(catalog_->table(), settled); });
  EXPECT_EQ(catalog_->table().snapshots().size(), 1u) << "nothing is left to carry";
  EXPECT_THAT(FindQuarantineNotes(catalog_->table()).written, IsEmpty());
}

}  // namespace
}  // namespace earthcatalog::ingest
