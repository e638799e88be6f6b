#include "earthcatalog/iceberg/manifest_merge.h"

#include "earthcatalog/iceberg/manifest_list.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

class ManifestMergeTest : public TableFixture {
 protected:
  static std::vector<ManifestFile> Manifests(const Table& table) {
    return Must(DecodeManifestList(Slurp(PathOf(table.current_snapshot()->manifest_list))));
  }
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

TEST_F(ManifestMergeTest, TheTargetSizeBoundsWhatIsMerged) {
  auto table = CreateTable();
  AppendOne(*table, 0);
  const int64_t length = Manifests(*table).at(0).length;
  table = Edited(*table, [&](Json& document) {
    document["properties"]["commit.manifest.min-count-to-merge"] = "3";
    document["properties"]["commit.manifest.target-size-bytes"] = std::to_string(length * 5 / 2);
  });
  for (int i = 1; i < 5; ++i) AppendOne(*table, i);
  const auto manifests = Manifests(*table);
  ASSERT_EQ(manifests.size(), 4u);
  EXPECT_EQ(manifests[3].existing_files, 2);  // the two oldest, more do not fit
  EXPECT_EQ(Paths(*table).size(), 5u);
}

// An entry that exists already and has no sequence number: moved, it would belong to no commit at all.
TEST_F(ManifestMergeTest, AManifestThatDoesNotNameItsCommitsStaysAsItIs) {
  const auto table = CreateTable({{"commit.manifest.min-count-to-merge", "3"}});
  for (int i = 0; i < 3; ++i) AppendOne(*table, i);
  const Json document = Document(*table);
  const auto spec = Must(ParsePartitionSpec(document["partition-specs"][0], *table->schema()));
  const ManifestFile odd = Manifests(*table).at(1);
  ManifestWriter writer(document["schemas"][0], spec, odd.added_snapshot_id);
  ManifestEntry entry;
  entry.state = ManifestEntry::State::kExisting;
  entry.snapshot_id = odd.added_snapshot_id;
  entry.file = MakeFile("f1", "81", 1);
  EXPECT_OK(writer.Add(entry));
  std::ofstream(PathOf(odd.path), std::ios::binary) << Must(writer.Finish()).bytes;

  for (int i = 3; i < 6; ++i) AppendOne(*table, i);
  std::set<std::string> manifests;
  for (const ManifestFile& manifest : Manifests(*table)) manifests.insert(manifest.path);
  EXPECT_TRUE(manifests.contains(odd.path));
  EXPECT_LE(manifests.size(), 5u);
  EXPECT_EQ(Paths(*table), (std::set<std::string>{"f0", "f1", "f2", "f3", "f4", "f5"}));
}

TEST_F(ManifestMergeTest, CanBeTurnedOff) {
  const auto table =
      CreateTable({{"commit.manifest.min-count-to-merge", "2"}, {"commit.manifest-merge.enabled", "false"}});
  for (int i = 0; i < 6; ++i) AppendOne(*table, i);
  EXPECT_EQ(Manifests(*table).size(), 6u);
}

}  // namespace
}  // namespace earthcatalog::iceberg
