#include "earthcatalog/iceberg/manifest_merge.h"

#include "earthcatalog/iceberg/manifest_list.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

class ManifestMergeTest : public TableFixture {
 protected:
  static void AppendOne(Table& table, int i) {
    ASSERT_OK(AppendFiles(table, {MakeFile("f" + std::to_string(i), "8" + std::to_string(i % 3), i % 2)}));
  }
};

TEST_F(ManifestMergeTest, ManifestsStayFewAndEveryFileStays) {
  const auto table = CreateTable({{"commit.manifest.min-count-to-merge", "4"}});
  std::set<std::string> expected;
  for (int i = 0; i < 30; ++i) {
    AppendOne(*table, i);
    expected.insert("f" + std::to_string(i));
    EXPECT_EQ(Paths(*table), expected);
    EXPECT_LE(Manifests(*table).size(), 5u);
  }
  // History is as it was, and the summaries too.
  const auto snapshots = table->snapshots();
  for (size_t i = 0; i < snapshots.size(); ++i) EXPECT_EQ(Paths(*table, snapshots[i].id).size(), i + 1);
  EXPECT_EQ(snapshots.back().summary.at("total-data-files"), "30");
}

TEST_F(ManifestMergeTest, MergedEntriesKeepTheirSnapshotsAndSequenceNumbers) {
  const auto table = CreateTable({{"commit.manifest.min-count-to-merge", "3"}});
  for (int i = 0; i < 5; ++i) AppendOne(*table, i);
  const auto snapshots = table->snapshots();
  const auto manifests = Manifests(*table);
  ASSERT_EQ(manifests.size(), 2u);
  const ManifestFile& merged = manifests[1];
  EXPECT_EQ(merged.existing_files, 4);
  EXPECT_EQ(merged.existing_rows, 40);
  EXPECT_EQ(merged.added_files, 0);
  EXPECT_EQ(merged.sequence_number, 5);
  EXPECT_EQ(merged.min_sequence_number, 1);
  EXPECT_EQ(merged.added_snapshot_id, snapshots[4].id);
  EXPECT_EQ(merged.partitions->at(0).lower, "80");
  EXPECT_EQ(merged.partitions->at(0).upper, "82");
  const Json document = Document(*table);
  const auto schema = table->schema();
  const auto spec = Must(ParsePartitionSpec(document["partition-specs"][0], *schema));
  EXPECT_OK(DecodeManifest(Slurp(PathOf(merged.path)), merged, spec, {}, [&](const ManifestEntry& entry) {
    EXPECT_EQ(entry.state, ManifestEntry::State::kExisting);
    const auto commit = static_cast<size_t>(std::stoi(entry.file.path.substr(1)));
    EXPECT_EQ(entry.snapshot_id, snapshots[commit].id);
    EXPECT_EQ(entry.sequence_number, snapshots[commit].sequence_number);
    EXPECT_EQ(entry.file_sequence_number, snapshots[commit].sequence_number);
    EXPECT_EQ(entry.file.lower_bounds, MakeFile("", "", 0).lower_bounds);
    return Status::OK();
  }));
}

// Entries are copied as they are encoded where that is how this project's writer encodes them, and read and
// written anew elsewhere.
TEST_F(ManifestMergeTest, AllThatIsKnownOfAFileStaysInWhateverManifest) {
  const auto table = CreateTable({{"commit.manifest.min-count-to-merge", "3"}});
  std::map<std::string, DataFile> expected;
  for (int i = 0; i < 5; ++i) {
    const std::string name = "f" + std::to_string(i);
    DataFile file = MakeFile(name, i == 1 ? std::nullopt : std::optional("8"),
                             i == 2 ? std::nullopt : std::optional(i), i);
    file.nan_value_counts = {{5, i}};
    file.split_offsets = {4, 1000 + i};
    if (i == 3) file.split_offsets.clear();
    ASSERT_OK(AppendFiles(*table, {file}));
    file.sequence_number = i + 1;
    expected[name] = file;
    if (i % 2 == 0) {  // another writer's: the same bytes under another name of a type
      const std::string manifest = PathOf(Manifests(*table)[0].path);
      std::string bytes = Slurp(manifest);
      const size_t name_of_type = bytes.find("\"r102\"");
      ASSERT_NE(name_of_type, std::string::npos);
      bytes[name_of_type + 1] = 'x';
      std::ofstream(manifest, std::ios::binary) << bytes;
    }
  }
  ASSERT_EQ(Manifests(*table).size(), 2u);
  size_t files = 0;
  EXPECT_OK(table->ScanFiles(std::nullopt, {}, [&](const DataFile& file) {
    const DataFile& wanted = expected.at(file.path);
    EXPECT_EQ(file.partition, wanted.partition);
    EXPECT_EQ(file.record_count, wanted.record_count);
    EXPECT_EQ(file.file_size, wanted.file_size);
    EXPECT_EQ(file.column_sizes, wanted.column_sizes);
    EXPECT_EQ(file.value_counts, wanted.value_counts);
    EXPECT_EQ(file.null_value_counts, wanted.null_value_counts);
    EXPECT_EQ(file.nan_value_counts, wanted.nan_value_counts);
    EXPECT_EQ(file.lower_bounds, wanted.lower_bounds);
    EXPECT_EQ(file.upper_bounds, wanted.upper_bounds);
    EXPECT_EQ(file.split_offsets, wanted.split_offsets);
    EXPECT_EQ(file.sequence_number, wanted.sequence_number);
    ++files;
    return Status::OK();
  }));
  EXPECT_EQ(files, expected.size());
}

TEST_F(ManifestMergeTest, TheTargetSizeBoundsWhatIsMerged) {
  auto table = CreateTable();
  AppendOne(*table, 0);
  const int64_t length = Manifests(*table).at(0).length;
  table = Edited(*table, [&](Json& document) {
    document["properties"]["commit.manifest.min-count-to-merge"] = "20";
    document["properties"]["commit.manifest.target-size-bytes"] = std::to_string(length * 33 / 2);
  });
  for (int i = 1; i < 22; ++i) AppendOne(*table, i);
  const auto manifests = Manifests(*table);
  ASSERT_EQ(manifests.size(), 7u);
  EXPECT_EQ(manifests[6].existing_files, 16);  // the oldest, more do not fit
  EXPECT_EQ(Paths(*table).size(), 22u);
}

TEST_F(ManifestMergeTest, AManifestThatDoesNotNameItsCommitsStaysAsItIs) {
  const auto table = CreateTable({{"commit.manifest.min-count-to-merge", "3"}});
  for (int i = 0; i < 3; ++i) AppendOne(*table, i);
  const ManifestFile odd = Manifests(*table).at(1);
  NameNoCommit(*table, odd, "f1");

  for (int i = 3; i < 6; ++i) AppendOne(*table, i);
  std::set<std::string> manifests;
  for (const ManifestFile& manifest : Manifests(*table)) manifests.insert(manifest.path);
  EXPECT_TRUE(manifests.contains(odd.path));
  EXPECT_LE(manifests.size(), 5u);
  EXPECT_EQ(Paths(*table), (std::set<std::string>{"f0", "f1", "f2", "f3", "f4", "f5"}));
}

// Each commit touches all cells: without merging a search for one of them would read a manifest of each.
TEST_F(ManifestMergeTest, CommitsOfAllCellsBecomeManifestsOfFewCells) {
  constexpr int kCommits = 60, kCells = 200;
  constexpr int64_t kTarget = 300'000;
  const auto table = CreateTable({{"commit.manifest.target-size-bytes", std::to_string(kTarget)}});
  const auto cell = [](int i) { return fmt::format("8{:03}", i); };
  std::set<std::string> expected;
  for (int commit = 0; commit < kCommits; ++commit) {
    std::vector<DataFile> files;
    for (int i = 0; i < 2 * kCells; ++i) {
      const std::string path = fmt::format("{}-{}-{}", commit, i, NewUuid());
      files.push_back(MakeFile(path, i % kCells == 0 ? std::nullopt : std::optional(cell(i % kCells)),
                               i % 7 == 0 ? std::nullopt : std::optional(i % 3)));
      expected.insert(path);
    }
    ASSERT_OK(AppendFiles(*table, files));
    int64_t merged = 0;
    for (const ManifestFile& manifest : Manifests(*table)) {
      const bool is_new = manifest.added_snapshot_id == table->current_snapshot()->id;
      if (is_new && manifest.added_files == 0) merged += manifest.length;
    }
    EXPECT_LE(merged, kTarget) << "each commit's part in it is bounded";
  }
  EXPECT_EQ(Paths(*table), expected);
  int64_t read = 0, searches = 0;
  for (int i = 1; i < kCells; i += 10) {
    ScanCounts counts;
    const auto ignore = [](const DataFile&) { return Status::OK(); };
    EXPECT_OK(table->ScanFiles(std::nullopt, {.cells = {{cell(i)}}}, ignore, false, &counts));
    EXPECT_EQ(counts.files, 2 * kCommits);
    EXPECT_LE(counts.manifests_read, 8) << cell(i);
    read += counts.manifests_read;
    ++searches;
  }
  EXPECT_LE(read, searches * 6);
}

// As Spark may have written it.
TEST_F(ManifestMergeTest, AManifestLargerThanTheTargetIsInNobodysWay) {
  constexpr int kCells = 50;
  const auto table = CreateTable();
  std::set<std::string> expected;
  for (int commit = 0; commit < 30; ++commit) {
    std::vector<DataFile> files;
    for (int i = 0; i < kCells; ++i) {
      files.push_back(MakeFile(fmt::format("{}-{}", commit, i), fmt::format("8{:03}", i), 50));
      expected.insert(files.back().path);
    }
    ASSERT_OK(AppendFiles(*table, files));
    if (commit > 0) continue;
    EditList(*table, [](auto& manifests) { manifests[0].length = kDefaultManifestBytes + 1; });
  }
  EXPECT_LE(Manifests(*table).size(), 8u);
  EXPECT_EQ(Paths(*table), expected);
}

// Nothing would become of merging them again and again.
TEST_F(ManifestMergeTest, FullManifestsOfOnePartitionStayAsTheyAre) {
  const auto table = CreateTable({{"commit.manifest.target-size-bytes", "1000"}});
  for (int commit = 0; commit < 12; ++commit) {
    std::vector<DataFile> files;
    for (int i = 0; i < 40; ++i) files.push_back(MakeFile(fmt::format("{}-{}", commit, i), "81", 50));
    ASSERT_OK(AppendFiles(*table, files));
  }
  for (const ManifestFile& manifest : Manifests(*table)) EXPECT_EQ(manifest.existing_files, 0);
}

TEST_F(ManifestMergeTest, CanBeTurnedOff) {
  const auto table =
      CreateTable({{"commit.manifest.min-count-to-merge", "2"}, {"commit.manifest-merge.enabled", "false"}});
  for (int i = 0; i < 6; ++i) AppendOne(*table, i);
  EXPECT_EQ(Manifests(*table).size(), 6u);
}

}  // namespace
}  // namespace earthcatalog::iceberg
