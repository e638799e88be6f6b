#include "earthcatalog/iceberg/manifest_list.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

using ScanTest = TableFixture;
using ::testing::UnorderedElementsAre;

std::set<std::string> Kept(const Table& table, const Expression& search) {
  std::set<std::string> paths;
  EXPECT_OK(table.ScanFiles(std::nullopt, search, [&](const DataFile& file) {
    paths.insert(file.path);
    return Status::OK();
  }));
  return paths;
}

TEST_F(ScanTest, PartitionsPruneEntriesExactly) {
  const auto table = CreateTable();
  std::vector<DataFile> files;
  for (const char* cell : {"81", "82", "83"}) {
    for (int year = 50; year < 55; ++year)
      files.push_back(MakeFile(fmt::format("{}-{}", cell, year), cell, year));
  }
  files.push_back(MakeFile("82-none", "82", std::nullopt));
  files.push_back(MakeFile("none-50", std::nullopt, 50));
  ASSERT_OK(AppendFiles(*table, files));
  EXPECT_THAT(Kept(*table, {.cells = {{"82"}}, .years = Years{2023, 9999}}),
              UnorderedElementsAre("82-53", "82-54", "82-none"));
  EXPECT_THAT(Kept(*table, {.cells = {{"82"}}, .years = Years{2023, 9999, /*keep_unknown=*/false}}),
              UnorderedElementsAre("82-53", "82-54"));
  EXPECT_THAT(Kept(*table, {.years = Years{2020, 2020, false}}),
              UnorderedElementsAre("81-50", "82-50", "83-50", "none-50"));
}

// Manifests that cannot hold a wanted partition are not even opened: all but one are deleted here.
TEST_F(ScanTest, ManifestsOfOtherPartitionsAreNotRead) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50), MakeFile("b", "81", 53)}));
  ASSERT_OK(AppendFiles(*table, {MakeFile("c", "82", 50), MakeFile("d", "82", std::nullopt)}));
  ASSERT_OK(AppendFiles(*table, {MakeFile("e", std::nullopt, std::nullopt)}));
  const auto manifests = Must(DecodeManifestList(Slurp(PathOf(table->current_snapshot()->manifest_list))));
  ASSERT_EQ(manifests.size(), 3u);
  const auto hide = [&](const ManifestFile& manifest, bool hidden) {
    const std::string path = PathOf(manifest.path);
    std::filesystem::rename(hidden ? path : path + ".hidden", hidden ? path + ".hidden" : path);
  };
  hide(manifests[0], true);
  hide(manifests[1], true);
  EXPECT_THAT(Kept(*table, {.cells = {{"81"}}}), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(Kept(*table, {.years = Years{2023, 2023, false}}), UnorderedElementsAre("b"));
  hide(manifests[1], false);
  hide(manifests[2], true);
  EXPECT_THAT(Kept(*table, {.cells = {{"82"}}, .years = Years{1, 0}}), UnorderedElementsAre("d"));
  hide(manifests[0], false);
  EXPECT_THAT(Kept(*table, {.years = Years{1, 0}}), UnorderedElementsAre("d", "e"));
  EXPECT_TRUE(Kept(*table, {.cells = {{}}}).empty());
}

TEST_F(ScanTest, WithoutMetricsAllElseIsThere) {
  const auto table = CreateTable();
  const DataFile file = MakeFile("a", "81", 50);
  ASSERT_OK(AppendFiles(*table, {file}));
  EXPECT_OK(table->ScanFiles(
      std::nullopt, {},
      [&](const DataFile& back) {
        EXPECT_EQ(back.path, file.path);
        EXPECT_EQ(back.partition, file.partition);
        EXPECT_EQ(back.record_count, file.record_count);
        EXPECT_EQ(back.file_size, file.file_size);
        EXPECT_TRUE(back.lower_bounds.empty() && back.value_counts.empty());
        return Status::OK();
      },
      /*with_metrics=*/false));
}

TEST_F(ScanTest, TheVisitorsErrorEndsTheScan) {
  const auto table = CreateTable();
  for (int i = 0; i < 20; ++i) ASSERT_OK(AppendFiles(*table, {MakeFile("a" + std::to_string(i), "81", 50)}));
  int visits = 0;
  const Status status = table->ScanFiles(std::nullopt, {}, [&](const DataFile&) {
    return ++visits == 3 ? Status::Cancelled("enough") : Status::OK();
  });
  EXPECT_TRUE(status.IsCancelled());
  EXPECT_EQ(visits, 3);
}

TEST_F(ScanTest, ABrokenOrMissingManifestIsNamed) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50)}));
  const std::string list = table->current_snapshot()->manifest_list;
  const std::string manifest = Must(DecodeManifestList(Slurp(PathOf(list)))).at(0).path;
  const auto scan = [&] {
    return table->ScanFiles(std::nullopt, {}, [](const DataFile&) { return Status::OK(); });
  };
  const std::string bytes = Slurp(PathOf(manifest));
  std::ofstream(PathOf(manifest)) << bytes.substr(0, bytes.size() - 20);
  EXPECT_THAT(scan(), FailsWith(ErrorKind::kCorrupt, manifest));
  std::filesystem::remove(PathOf(manifest));
  EXPECT_THAT(scan(), FailsWith(ErrorKind::kCorrupt, manifest));
  std::ofstream(PathOf(list)) << "no list";
  EXPECT_THAT(scan(), FailsWith(ErrorKind::kCorrupt, list));
}

// Reading past them would bring deleted rows back.
TEST_F(ScanTest, RowLevelDeletesOfOtherEnginesAreRefused) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50)}));
  const auto snapshot = *table->current_snapshot();
  auto manifests = Must(DecodeManifestList(Slurp(PathOf(snapshot.manifest_list))));
  manifests.push_back(manifests[0]);
  manifests[1].content = ManifestFile::kDeletes;
  const auto write = [&] {
    std::ofstream(PathOf(snapshot.manifest_list))
        << Must(EncodeManifestList(manifests, {snapshot.id, {}, 1}));
    return table->ScanFiles(std::nullopt, {}, [](const DataFile&) { return Status::OK(); });
  };
  EXPECT_THAT(write().message(), ::testing::HasSubstr("row-level deletes"));
  manifests[1].added_files = 0;  // none of them is live any more
  EXPECT_OK(write());
  ASSERT_OK(AppendFiles(*table, {MakeFile("b", "81", 50)}));
  EXPECT_THAT(Paths(*table), UnorderedElementsAre("a", "b"));
}

TEST_F(ScanTest, NamedFilesAreThoseOfAllSnapshotsAndOfTheMetadata) {
  const auto table = CreateTable({{"some.path", "file:///elsewhere"}});
  const std::string first = table->metadata_location();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 1)}));
  ASSERT_OK(AppendFiles(*table, {MakeFile("b", "82", 2), MakeFile("c", std::nullopt, std::nullopt)}));
  std::set<std::string> named;
  EXPECT_OK(LoadTable()->VisitNamedFiles([&](std::string_view path) { named.emplace(path); }));
  for (const std::string& name : MetadataFiles()) {
    EXPECT_TRUE(named.contains(table_folder() + "/metadata/" + name)) << name;
  }
  for (const std::string name : {"a", "b", "c", first.c_str(), "file:///elsewhere"}) {
    EXPECT_TRUE(named.contains(name)) << name;
  }
}

// Half of the names would make orphans of the other half.
TEST_F(ScanTest, NamedFilesAreAllOrAnError) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 1)}));
  const auto ignore = [](std::string_view) {};
  const auto odd = Edited(*table, [](Json& json) { json["snapshots"].push_back(Json{{"snapshot-id", 7}}); });
  EXPECT_THAT(odd->VisitNamedFiles(ignore), FailsWith(ErrorKind::kCorrupt, "a snapshot that cannot be read"));
  const std::string list = PathOf(table->current_snapshot()->manifest_list);
  std::filesystem::remove(list);
  EXPECT_THAT(table->VisitNamedFiles(ignore), FailsWith(ErrorKind::kCorrupt, list));
}

}  // namespace
}  // namespace earthcatalog::iceberg
