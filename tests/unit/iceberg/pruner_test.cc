#include "earthcatalog/iceberg/pruner.h"

#include "earthcatalog/iceberg/manifest_cache.h"
#include "earthcatalog/iceberg/manifest_list.h"
#include "earthcatalog/iceberg/partition_spec.h"
#include "earthcatalog/iceberg/single_value.h"
#include "search_rows.h"

namespace earthcatalog::iceberg {
namespace {

constexpr int64_t kDay = 86'400'000'000;

PartitionSpec Spec() {
  PartitionSpec spec;
  spec.fields = {{PartitionField::Role::kCell, 1000, "grid_partition"},
                 {PartitionField::Role::kYear, 1001, "year"}};
  return spec;
}

ManifestFile Manifest(PartitionSummary cells, PartitionSummary years) {
  ManifestFile manifest;
  manifest.partitions = {{std::move(cells), std::move(years)}};
  return manifest;
}

PartitionSummary Cells(std::optional<std::string> lower, std::optional<std::string> upper,
                       bool null = false) {
  return {.contains_null = null, .contains_nan = {}, .lower = std::move(lower), .upper = std::move(upper)};
}
PartitionSummary YearSummary(int first, int last, bool null = false) {
  return Cells(IntToBytes(first - 1970), IntToBytes(last - 1970), null);
}

TEST(PrunerTest, AManifestIsPassedByForItsCellsOrYears) {
  const Pruner pruner({.cells = {{"81", "85"}}, .years = Years{2000, 2001, false}});
  const auto may_hold = [&](const PartitionSummary& cells, const PartitionSummary& years) {
    return pruner.MayHold(Manifest(cells, years), Spec());
  };
  EXPECT_TRUE(may_hold(Cells("80", "82"), YearSummary(1990, 2000)));
  EXPECT_TRUE(may_hold(Cells("85", "85"), YearSummary(2001, 2001)));
  EXPECT_FALSE(may_hold(Cells("82", "84"), YearSummary(2000, 2000)));
  EXPECT_FALSE(may_hold(Cells("86", "87"), YearSummary(2000, 2000)));
  EXPECT_FALSE(may_hold(Cells("81", "85"), YearSummary(2002, 2020)));
  EXPECT_FALSE(may_hold(Cells("81", "85"), YearSummary(1990, 1999, true)));
  EXPECT_FALSE(may_hold(Cells({}, {}, true), YearSummary(2000, 2000)));
  EXPECT_TRUE(Pruner({.years = Years{2000, 2001, true}})
                  .MayHold(Manifest(Cells("80", "80"), YearSummary(1990, 1999, true)), Spec()));
}

TEST(PrunerTest, DangerWhatAManifestDoesNotSayIsTakenForANo) {
  const Pruner pruner({.cells = {{"8123"}}, .years = Years{2000, 2000, false}});
  EXPECT_TRUE(pruner.MayHold(Manifest(Cells({}, {}), Cells({}, {})), Spec()));
  EXPECT_TRUE(pruner.MayHold(Manifest(Cells("80", {}), YearSummary(2000, 2000)), Spec()));
  EXPECT_TRUE(pruner.MayHold(Manifest(Cells({}, "82"), YearSummary(2000, 2000)), Spec()));
  EXPECT_TRUE(pruner.MayHold(Manifest(Cells("80", "81"), YearSummary(2000, 2000)), Spec())) << "cut";
  EXPECT_TRUE(pruner.MayHold(Manifest(Cells("80", "82"), Cells("x", "y")), Spec()));
  EXPECT_TRUE(pruner.MayHold(ManifestFile{}, Spec()));
  PartitionSpec other;
  other.fields = {{PartitionField::Role::kOther, 1000, "bucket"}};
  EXPECT_TRUE(pruner.MayHold(Partition{}, other)) << "files that are not partitioned by cell and year";
}

TEST(PrunerTest, YearsBefore1970MayBeOneTooHigh) {
  const int64_t in_1969 = -200 * kDay;
  const Pruner pruner({.time = TimeInterval{in_1969, in_1969}});
  EXPECT_TRUE(pruner.MayHold(Partition{"81", -1}, Spec()));
  EXPECT_TRUE(pruner.MayHold(Partition{"81", 0}, Spec()));
  EXPECT_FALSE(pruner.MayHold(Partition{"81", 1}, Spec()));
  EXPECT_TRUE(pruner.MayHold(Partition{"81", {}}, Spec()));
}

TEST(PrunerTest, ATimeIsLookedForInDatetimeAndInIntervalsWithoutOne) {
  ColumnRanges ranges;
  const Pruner pruner({.time = TimeInterval{10 * kDay, 20 * kDay}});
  const auto bytes = [](int64_t day) { return Plain(day * kDay); };
  ranges.SetLower(RangeColumn::kDatetime, bytes(30));
  ranges.SetUpper(RangeColumn::kDatetime, bytes(40));
  EXPECT_TRUE(pruner.MayHold(ranges)) << "there may be rows without datetime";
  ranges.SetNulls(RangeColumn::kDatetime, true, false);
  EXPECT_FALSE(pruner.MayHold(ranges));
  ranges.SetNulls(RangeColumn::kDatetime, true, true);
  ranges.SetLower(RangeColumn::kStart, bytes(21));
  EXPECT_TRUE(pruner.MayHold(ranges)) << "some may have no start";
  ranges.SetNulls(RangeColumn::kStart, true, false);
  EXPECT_FALSE(pruner.MayHold(ranges));
  ranges.SetLower(RangeColumn::kStart, bytes(5));
  EXPECT_TRUE(pruner.MayHold(ranges));
  ranges.SetUpper(RangeColumn::kEnd, bytes(9));
  ranges.SetNulls(RangeColumn::kEnd, true, false);
  EXPECT_FALSE(pruner.MayHold(ranges));
}

TEST(PrunerTest, BoundsThatAreNoneSayNothing) {
  const Pruner pruner({.boxes = {{{10, 10, 20, 20}}}});
  ColumnRanges ranges;
  ranges.bbox.trusted = true;
  EXPECT_TRUE(pruner.MayHold(ranges));
  ranges.SetUpper(RangeColumn::kXmax, Plain(std::nan("")));
  ranges.SetUpper(RangeColumn::kYmax, "123");
  EXPECT_TRUE(pruner.MayHold(ranges));
  ranges.SetUpper(RangeColumn::kXmax, Plain(9.0f));  // of a file older than the column's growth to double
  EXPECT_FALSE(pruner.MayHold(ranges));
  ranges.SetUpper(RangeColumn::kXmax, Plain(10.0));
  EXPECT_TRUE(pruner.MayHold(ranges));
  ranges.SetNulls(RangeColumn::kXmax, /*has_value=*/false, true);
  EXPECT_FALSE(pruner.MayHold(ranges));
}

TEST(PrunerTest, DangerBoxesAsItemsStateThemMissTheirGeometry) {
  const Pruner pruner({.boxes = {{{-180, -19, -179, -17}}}});
  ColumnRanges ranges;
  for (const auto column : {RangeColumn::kXmin, RangeColumn::kXmax}) {
    ranges.SetLower(column, Plain(178.0));
    ranges.SetUpper(column, Plain(179.0));
  }
  EXPECT_TRUE(pruner.MayHold(ranges)) << "rounded, wrong, or across the antimeridian";
  ranges.SetNulls(RangeColumn::kXmin, /*has_value=*/false, true);
  EXPECT_TRUE(pruner.MayHold(ranges)) << "and some items state none";
  ranges.bbox.trusted = true;
  EXPECT_FALSE(pruner.MayHold(ranges));
}

TEST(PrunerTest, BothZerosAreOne) {
  ColumnRanges ranges;
  ranges.bbox.trusted = true;
  ranges.SetLower(RangeColumn::kXmin, Plain(0.0));
  ranges.SetUpper(RangeColumn::kYmax, Plain(-0.0));
  EXPECT_TRUE(Pruner({.boxes = {{{-1, 0.0, -0.0, 1}}}}).MayHold(ranges));
}

class SearchTest : public TableFixture {
 protected:
  void SetUp() override { table_ = Must(Table::Create(OpenStore(), {table_folder(), SearchSchema(), {}})); }

  // Files of one cell and year each, in some commits.
  void AddFiles(int commits, int rows) {
    for (int commit = 0; commit < commits; ++commit) {
      std::map<Partition, std::vector<SearchRow>> groups;
      for (int i = 0; i < rows; ++i) {
        SearchRow row = make_.Row();
        Partition partition{row.cell, std::nullopt};
        if (row.datetime) partition.year = YearOf(*row.datetime) - Partition::kEpochYear;
        groups[partition].push_back(std::move(row));
      }
      std::vector<DataFile> files;
      for (auto& [partition, of_file] : groups) {
        DataFile& file = files.emplace_back(make_.Describe(of_file, *table_->schema()));
        file.path = std::to_string(files_.size());
        files_.emplace(file.path, std::move(of_file));
      }
      ASSERT_OK(AppendFiles(*table_, std::move(files)));
    }
  }

  std::set<std::string> Search(const Expression& search, bool with_metrics, ScanCounts* counts = nullptr) {
    std::set<std::string> paths;
    const auto add = [&](const DataFile& file) {
      paths.insert(file.path);
      EXPECT_EQ(file.null_value_counts.empty() || file.lower_bounds.empty(), !with_metrics);
      return Status::OK();
    };
    EXPECT_OK(table_->ScanFiles(std::nullopt, search, add, with_metrics, counts));
    return paths;
  }

  SearchMaker make_{1};
  std::unique_ptr<Table> table_;
  std::map<std::string, std::vector<SearchRow>> files_;
};

// Against every row, one by one.
TEST_F(SearchTest, DangerAFileWithAMatchIsPassedBy) {
  AddFiles(6, 300);
  size_t kept = 0, needed = 0;
  constexpr int kSearches = 400;
  const auto cache = std::make_shared<ManifestCache>(1 << 20);
  for (int i = 0; i < kSearches; ++i) {
    const Expression search = make_.Search();
    table_->UseCache(nullptr);
    const auto found = Search(search, false);
    for (const auto& [path, rows] : files_) {
      const bool matches =
          std::any_of(rows.begin(), rows.end(), [&](const SearchRow& row) { return Matches(row, search); });
      EXPECT_TRUE(!matches || found.contains(path)) << "search " << i << ", file " << path;
      needed += matches ? 1 : 0;
    }
    kept += found.size();
    if (i % 10 != 0) continue;
    std::set<std::string> with_metrics;
    EXPECT_OK(table_->ScanFiles(std::nullopt, search, [&](const DataFile& file) {
      with_metrics.insert(file.path);
      return Status::OK();
    }));
    EXPECT_EQ(with_metrics, found);
    table_->UseCache(cache);
    EXPECT_EQ(Search(search, false), found);
    EXPECT_EQ(Search(search, false), found) << "from the cache";
  }
  EXPECT_GE(kept, needed);
  EXPECT_LT(kept, kSearches * files_.size() / 2) << "it passes files by";
}

// Some thousand files in commits that each hold a few cells: a search opens those that may hold its cell.
TEST_F(SearchTest, OneCellAndYearReadsOnlyTheManifestsThatMayHoldThem) {
  constexpr int kCommits = 40;
  for (int commit = 0; commit < kCommits; ++commit) {
    std::vector<DataFile> files;
    for (int i = 0; i < 100; ++i) {
      const std::string cell = fmt::format("8{:02}{}", commit / 2, i % 5);
      const int year = 30 + i / 5 + (commit % 2) * 20;
      files.push_back(MakeFile(fmt::format("{}-{}", commit, i), cell, year));
    }
    ASSERT_OK(AppendFiles(*table_, std::move(files)));
  }
  const Expression search{.cells = {{"8073"}}, .years = Years{2000, 2000, true}};
  ScanCounts counts;
  EXPECT_EQ(Search(search, false, &counts), std::set<std::string>{"14-3"});
  EXPECT_EQ(counts.manifests, kCommits);
  EXPECT_EQ(counts.manifests_read, 1);
  EXPECT_EQ(counts.manifests_cached, 0);
  EXPECT_EQ(counts.total_files, kCommits * 100);
  EXPECT_EQ(counts.entries, 100);
  EXPECT_EQ(counts.files, 1);
  const auto list = table_->current_snapshot()->manifest_list;
  const auto manifests = Must(DecodeManifestList(Slurp(PathOf(list))));
  EXPECT_EQ(counts.bytes_read, static_cast<int64_t>(std::filesystem::file_size(PathOf(list))) +
                                   manifests[kCommits - 1 - 14].length);

  table_->UseCache(std::make_shared<ManifestCache>(1 << 20));
  Search(search, false, &counts);
  EXPECT_EQ(counts.manifests_read, 1);
  EXPECT_EQ(Search(search, false, &counts), std::set<std::string>{"14-3"});
  EXPECT_EQ(counts.manifests_read, 0);
  EXPECT_EQ(counts.manifests_cached, 1);
  EXPECT_EQ(counts.bytes_read, 0);
}

TEST_F(SearchTest, TotalsAreThoseOfTheLiveFiles) {
  AddFiles(3, 100);
  std::map<Partition, PartitionTotals> expected;
  EXPECT_OK(table_->ScanFiles(std::nullopt, {}, [&](const DataFile& file) {
    PartitionTotals& totals = expected[file.partition];
    totals.rows += file.record_count;
    totals.bytes += file.file_size;
    totals.file_sizes.push_back(file.file_size);
    ++totals.files;
    return Status::OK();
  }));
  const auto totals = Must(table_->TotalsByPartition());
  ASSERT_EQ(totals.size(), expected.size());
  for (const auto& [partition, of_partition] : totals) {
    EXPECT_THAT(of_partition.file_sizes,
                testing::UnorderedElementsAreArray(expected.at(partition).file_sizes));
    EXPECT_EQ(of_partition.rows, expected.at(partition).rows);
    EXPECT_EQ(of_partition.files, expected.at(partition).files);
    EXPECT_EQ(of_partition.bytes, expected.at(partition).bytes);
  }
}

TEST(ManifestCacheTest, KeepsWhatWasAskedForLastWithinItsBytes) {
  const auto manifest = std::make_shared<DecodedManifest>(10);
  ManifestCache one(1 << 20);
  one.Add("a", manifest);
  const int64_t bytes = one.bytes();
  EXPECT_GE(bytes, static_cast<int64_t>(10 * sizeof(PlannedFile)));
  ManifestCache two(2 * bytes + 1);
  two.Add("a", manifest);
  two.Add("b", manifest);
  EXPECT_NE(two.Find("a"), nullptr);
  two.Add("c", manifest);
  EXPECT_EQ(two.Find("b"), nullptr);
  EXPECT_NE(two.Find("a"), nullptr);
  EXPECT_NE(two.Find("c"), nullptr);
  EXPECT_EQ(two.bytes(), 2 * bytes);
  ManifestCache none(bytes - 1);
  none.Add("a", manifest);
  EXPECT_EQ(none.Find("a"), nullptr);
  EXPECT_EQ(none.bytes(), 0);
}

}  // namespace
}  // namespace earthcatalog::iceberg
