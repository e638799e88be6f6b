// All manifests arranged anew: what is in them stays, and a search reads few.
#include <filesystem>
#include <iterator>
#include <random>

#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/manifest_cache.h"
#include "earthcatalog/iceberg/manifest_list.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

class ManifestRewriteTest : public TableFixture {
 protected:
  static constexpr int kCells = 100;
  static constexpr int64_t kManyCells = 100'000;  // a target size with which manifests have several cells

  static std::string Cell(int i) { return fmt::format("8{:03}", i); }

  // Commits of files in random cells and years, without merging between them.
  std::unique_ptr<Table> Filled(int commits, int files_of_each, int64_t target_bytes) {
    auto table = CreateTable({{"commit.manifest-merge.enabled", "false"},
                              {"commit.manifest.target-size-bytes", std::to_string(target_bytes)}});
    for (int commit = 0; commit < commits; ++commit) {
      std::vector<DataFile> files;
      for (int i = 0; i < files_of_each; ++i) files.push_back(RandomFile());
      EXPECT_OK(AppendFiles(*table, files));
    }
    return table;
  }
  DataFile RandomFile() {
    const int cell = static_cast<int>(random_() % kCells), year = static_cast<int>(random_() % 4);
    return MakeFile(NewUuid(), cell == 0 ? std::nullopt : std::optional(Cell(cell)),
                    year == 3 ? std::nullopt : std::optional(year));
  }

  // Everything that entries of live files say, but which manifest they are in.
  static std::set<std::string> Entries(const Table& table) {
    std::set<std::string> entries;
    EXPECT_OK(table.ScanFiles(std::nullopt, {}, [&](const DataFile& file) {
      entries.insert(fmt::format("{} {} {} {} {} {} {}", file.path,
                                 file.partition.grid_partition.value_or("-"),
                                 file.partition.year.value_or(-1), file.record_count, file.file_size,
                                 file.sequence_number, file.lower_bounds.size()));
      return Status::OK();
    }));
    return entries;
  }
  // Two, where the rows of unknown years, which may be of any, are in another one than the year's.
  static int64_t MostManifestsRead(const Table& table) {
    int64_t most = 0;
    const auto ignore = [](const DataFile&) { return Status::OK(); };
    for (int cell = 1; cell < kCells; ++cell) {
      const int year = Partition::kEpochYear + cell % 3;
      ScanCounts counts;
      const Expression where{.cells = {{Cell(cell)}}, .years = Years{year, year}};
      EXPECT_OK(table.ScanFiles(std::nullopt, where, ignore, false, &counts));
      most = std::max(most, counts.manifests_read);
    }
    return most;
  }
  static Table::CommitRequest Request() {
    return {.files = {}, .schema = nullptr, .summary = {}, .sync = false};
  }

  std::mt19937 random_{7};
};

TEST_F(ManifestRewriteTest, ASearchReadsFewManifestsAndEveryEntryStays) {
  const auto table = Filled(20, 150, kManyCells);
  const auto before = Entries(*table);
  const Snapshot old = *table->current_snapshot();
  ASSERT_OK(table->RewriteManifests(Request()));
  EXPECT_EQ(Entries(*table), before);
  EXPECT_EQ(Paths(*table, old.id).size(), before.size());
  const auto manifests = Manifests(*table);
  EXPECT_GT(manifests.size(), 5u);
  EXPECT_LE(MostManifestsRead(*table), 2);
  const auto summary = table->current_snapshot()->summary;
  EXPECT_EQ(summary.at("operation"), "replace");
  EXPECT_EQ(summary.at("manifests-replaced"), "20");
  EXPECT_EQ(summary.at("manifests-kept"), "0");
  EXPECT_EQ(summary.at("manifests-created"), std::to_string(manifests.size()));
  EXPECT_EQ(summary.at("entries-processed"), "3000");
  EXPECT_EQ(summary.at("total-data-files"), "3000");
  EXPECT_FALSE(summary.contains("added-data-files"));
  EXPECT_FALSE(summary.contains("deleted-data-files"));
}

TEST_F(ManifestRewriteTest, ATableWithoutSnapshotHasNoManifests) {
  EXPECT_EQ(Must(CreateTable()->TotalsOfManifests()).count, 0);
}

TEST_F(ManifestRewriteTest, TotalsTellWhatASearchReads) {
  const auto table = Filled(20, 150, kManyCells);
  const auto check = [&table] {
    const ManifestTotals totals = Must(table->TotalsOfManifests());
    int64_t bytes = 0;
    for (const ManifestFile& manifest : Manifests(*table)) {
      bytes += static_cast<int64_t>(std::filesystem::file_size(PathOf(manifest.path)));
    }
    EXPECT_EQ(totals.count, std::ssize(Manifests(*table)));
    EXPECT_EQ(totals.bytes, bytes);
    EXPECT_EQ(
        totals.list_bytes,
        static_cast<int64_t>(std::filesystem::file_size(PathOf(table->current_snapshot()->manifest_list))));
    EXPECT_EQ(totals.fixed, 0);
    EXPECT_LE(MostManifestsRead(*table), totals.deepest + 1) << "that of unknown years, too";
    return totals;
  };
  EXPECT_EQ(check().deepest, 20) << "each commit touches all cells";
  ASSERT_OK(table->RewriteManifests(Request()));
  EXPECT_EQ(check().deepest, 1);
}

TEST_F(ManifestRewriteTest, SmallOnesCountWhereTheyWouldBeUnited) {
  const auto table = CreateTable({{"commit.manifest-merge.enabled", "false"}});
  for (int i = 0; i < 5; ++i) ASSERT_OK(AppendFiles(*table, {MakeFile(NewUuid(), Cell(i), 1)}));
  ManifestTotals totals = Must(table->TotalsOfManifests());
  EXPECT_EQ(totals.small, 5);
  EXPECT_EQ(totals.deepest, 1);
  ASSERT_OK(table->RewriteManifests(Request()));
  totals = Must(table->TotalsOfManifests());
  EXPECT_EQ(totals.count, 1);
  EXPECT_EQ(totals.small, 0) << "one alone cannot be united";
}

// What it holds is not told, so every search reads it, and no rewrite helps.
TEST_F(ManifestRewriteTest, AManifestWithoutRangesCountsForAllCells) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 1)}));
  ASSERT_OK(AppendFiles(*table, {MakeFile("b", "82", 1)}));
  EditList(*table, [](std::vector<ManifestFile>& manifests) { manifests[0].partitions.reset(); });
  const ManifestTotals totals = Must(table->TotalsOfManifests());
  EXPECT_EQ(totals.count, 2);
  EXPECT_EQ(totals.fixed, 1);
  EXPECT_EQ(totals.deepest, 1);
}

TEST_F(ManifestRewriteTest, WhatIsMoreThanFitsIntoMemoryIsReadInRangesOfCells) {
  const auto table = Filled(12, 200, 4'000);  // of some 100 KB of manifests
  const auto before = Entries(*table);
  ASSERT_OK(table->RewriteManifests(Request()));
  EXPECT_EQ(Entries(*table), before);
  EXPECT_LE(MostManifestsRead(*table), 2);
}

// A writer may cut long texts: what begins with an upper bound may be within.
TEST_F(ManifestRewriteTest, NothingIsLostWhereAListCutsItsBoundsShort) {
  const auto table = Filled(12, 200, 4'000);  // several ranges of cells
  const auto before = Entries(*table);
  EditList(*table, [](std::vector<ManifestFile>& manifests) {
    for (size_t i = 0; i < manifests.size(); i += 2) (*manifests[i].partitions)[0].upper = "80";
  });
  ASSERT_OK(table->RewriteManifests(Request()));
  EXPECT_EQ(Entries(*table), before);
  EXPECT_EQ(table->current_snapshot()->summary.at("entries-processed"), std::to_string(before.size()));
}

TEST_F(ManifestRewriteTest, WhereNothingIsToBeDoneThereIsNoCommit) {
  const auto table = CreateTable();
  ASSERT_OK(table->RewriteManifests(Request()));
  EXPECT_FALSE(table->current_snapshot());
  ASSERT_OK(AppendFiles(*table, {MakeFile("f", "81", 1)}));
  const int64_t only = table->current_snapshot()->id;
  ASSERT_OK(table->RewriteManifests(Request()));
  EXPECT_EQ(table->current_snapshot()->id, only);
}

// Manifests of several cells, and of several years of each: of the years a manifest list tells only the
// range.
TEST_F(ManifestRewriteTest, RewrittenManifestsStay) {
  const auto filled = Filled(10, 400, kManyCells);
  ASSERT_OK(filled->RewriteManifests(Request()));
  const int64_t once = filled->current_snapshot()->id;
  EXPECT_GT(Manifests(*filled).size(), 5u);
  EXPECT_LT(Manifests(*filled).size(), kCells / 2);
  ASSERT_OK(filled->RewriteManifests(Request()));
  EXPECT_EQ(filled->current_snapshot()->id, once);
}

TEST_F(ManifestRewriteTest, ManifestsThatAreInNobodysWayStay) {
  const auto table = Filled(10, 400, kManyCells);
  ASSERT_OK(table->RewriteManifests(Request()));
  std::set<std::string> paths;
  for (const ManifestFile& manifest : Manifests(*table)) paths.insert(manifest.path);
  ASSERT_OK(AppendFiles(*table, {MakeFile("new", Cell(50), 1)}));
  const auto before = Entries(*table);
  ASSERT_OK(table->RewriteManifests(Request()));
  EXPECT_EQ(Entries(*table), before);
  const auto manifests = Manifests(*table);
  const auto kept = std::count_if(manifests.begin(), manifests.end(), [&](const ManifestFile& manifest) {
    return paths.contains(manifest.path);
  });
  EXPECT_EQ(kept, static_cast<int64_t>(paths.size()) - 1);
  EXPECT_LE(MostManifestsRead(*table), 1);
}

// They say what this program cannot write.
TEST_F(ManifestRewriteTest, ManifestsOfAnotherPartitioningAreNotRewritten) {
  auto table = Filled(3, 10, 1 << 20);
  const auto before = Entries(*table);
  table = Edited(*table, [](Json& document) {
    document["partition-specs"][0]["fields"].push_back(
        {{"source-id", 1}, {"field-id", 1002}, {"name", "id_bucket"}, {"transform", "bucket[4]"}});
  });
  EXPECT_THAT(table->RewriteManifests(Request()), FailsWith(std::nullopt, "not partitioned"));
  EXPECT_EQ(Entries(*LoadTable()), before);
  EXPECT_EQ(Manifests(*LoadTable()).size(), 3u);
}

TEST_F(ManifestRewriteTest, LengthsThatAListOnlyClaimsDoNoHarm) {
  const auto table = Filled(3, 10, 1 << 20);
  const auto before = Entries(*table);
  EditList(*table, [](auto& manifests) {
    for (ManifestFile& manifest : manifests) manifest.length = 0;
  });
  ASSERT_OK(table->RewriteManifests(Request()));
  EXPECT_EQ(Entries(*table), before);
  EditList(*table, [](auto& manifests) {
    manifests[0].length = int64_t{1} << 50;
    manifests[0].existing_files = int64_t{1} << 50;
  });
  table->UseCache(std::make_shared<ManifestCache>(1 << 20));
  EXPECT_EQ(Entries(*table), before);
  EXPECT_GT(MostManifestsRead(*table), 0);
  EditList(*table, [](auto& manifests) { manifests[0].length = -1; });
  EXPECT_THAT(LoadTable()->RewriteManifests(Request()), FailsWith(ErrorKind::kCorrupt, "manifest_length"));
}

TEST_F(ManifestRewriteTest, AManifestThatDoesNotNameItsCommitsStaysAsItIs) {
  const auto table = Filled(4, 20, 1 << 20);
  const ManifestFile odd = Manifests(*table).at(1);
  NameNoCommit(*table, odd, "odd");
  const auto before = Paths(*table);
  ASSERT_OK(table->RewriteManifests(Request()));
  EXPECT_EQ(Paths(*table), before);
  std::set<std::string> manifests;
  for (const ManifestFile& manifest : Manifests(*table)) manifests.insert(manifest.path);
  EXPECT_EQ(manifests.size(), 2u);
  EXPECT_TRUE(manifests.contains(odd.path));
}

TEST_F(ManifestRewriteTest, AWriterThatWasFasterIsTakenIn) {
  const auto table = Filled(4, 20, 1 << 20);
  const auto other = LoadTable();
  ASSERT_OK(AppendFiles(*other, {MakeFile("other", "81", 1)}));
  ASSERT_OK(table->RewriteManifests(Request()));
  EXPECT_EQ(Paths(*table).size(), 81u);
  EXPECT_EQ(Manifests(*table).size(), 1u);
}

TEST_F(ManifestRewriteTest, AddsNoFiles) {
  const auto table = Filled(2, 1, 1 << 20);
  Table::CommitRequest request = Request();
  request.files = {MakeFile("f", "81", 1)};
  EXPECT_THAT(table->RewriteManifests(request), FailsWith(ErrorKind::kUsage, "adds no files"));
}

}  // namespace
}  // namespace earthcatalog::iceberg
