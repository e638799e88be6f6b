#include "earthcatalog/iceberg/remains.h"

#include <map>

#include "earthcatalog/iceberg/detached_catalog.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

namespace fs = std::filesystem;

// A table with two files, of which a second commit has removed one and added a third.
class RemainsTest : public testing::Test {
 protected:
  void SetUp() override {
    table_ = Must(Table::Create(catalog_, {"file://" + folder_.path("t"), ItemSchema(), {}}));
    ASSERT_OK(table_->Append(Request({File("a"), File("b")})));
    ASSERT_OK(table_->Overwrite(Request({File("c")}), {.files = {File("a")}}));
  }

  static DataFile File(const std::string& name) { return MakeFile("file:///data/" + name, "x", 50); }
  static Table::CommitRequest Request(std::vector<DataFile> files) {
    return {.files = std::move(files), .schema = nullptr, .summary = {}};
  }

  static io::Location At(const std::string& path) { return Must(io::Resolve(path)); }

  // By name, whether the current snapshot has it.
  static std::map<std::string, bool> FilesOf(const TableMetadata& metadata, const io::Location& folder) {
    std::map<std::string, bool> files;
    EXPECT_OK(VisitRemainingFiles(metadata, folder, [&](std::string_view path, bool live) {
      files[std::string(path.substr(path.rfind('/') + 1))] |= live;
    }));
    return files;
  }

  TemporaryFolder folder_;
  std::shared_ptr<DetachedCatalog> catalog_ = std::make_shared<DetachedCatalog>();
  std::unique_ptr<Table> table_;
};

TEST_F(RemainsTest, TheNewestMetadataIsFoundWhereverItLies) {
  const std::string name = fs::path(table_->metadata_location()).filename();
  fs::rename(folder_.path("t"), folder_.path("moved"));
  const io::Location folder = At(folder_.path("moved/metadata"));
  const auto remains = Must(FindRemains(folder));
  ASSERT_TRUE(remains);
  EXPECT_EQ(remains->metadata_location, folder.Join(name).uri);
  EXPECT_EQ(remains->metadata.uuid(), table_->uuid());
  const std::map<std::string, bool> expected = {{"a", false}, {"b", true}, {"c", true}};
  EXPECT_EQ(FilesOf(remains->metadata, folder), expected);
}

TEST_F(RemainsTest, ANamedOneGoesBeforeNewerOnes) {
  const io::Location folder = At(table_->metadata_folder());
  for (const auto& entry : fs::directory_iterator(folder.path)) {
    const std::string name = entry.path().filename();
    if (!name.ends_with(".metadata.json")) continue;
    EXPECT_EQ(Must(FindRemains(folder, name))->metadata_location, folder.Join(name).uri);
  }
  EXPECT_EQ(Must(FindRemains(folder, "gone.metadata.json"))->metadata_location, table_->metadata_location());
}

TEST_F(RemainsTest, WhatCannotBeReadIsPassedOver) {
  std::ofstream(PathOf(table_->metadata_folder()) + "/99999-x.metadata.json") << "{";
  const io::Location folder = At(table_->metadata_folder());
  EXPECT_EQ(Must(FindRemains(folder, "99999-x.metadata.json"))->metadata_location,
            table_->metadata_location());
  EXPECT_FALSE(Must(FindRemains(At(folder_.path("nowhere")))));
}

TEST_F(RemainsTest, AManifestThatIsGoneIsAnError) {
  const io::Location folder = At(table_->metadata_folder());
  const auto remains = Must(FindRemains(folder));
  for (const auto& entry : fs::directory_iterator(folder.path)) {
    if (entry.path().filename().string().ends_with("-m0.avro")) fs::remove(entry.path());
  }
  const Status status = VisitRemainingFiles(remains->metadata, folder, [](std::string_view, bool) {});
  EXPECT_THAT(status, FailsWith(ErrorKind::kCorrupt, "-m0.avro"));
}

TEST_F(RemainsTest, ADetachedCatalogSwapsOnlyWhatItHas) {
  EXPECT_THAT(catalog_->Create("x"), FailsWith(ErrorKind::kCommitConflict, ""));
  EXPECT_THAT(catalog_->Swap("x", "y"), FailsWith(ErrorKind::kCommitConflict, ""));
  EXPECT_EQ(Must(catalog_->CurrentMetadata()), table_->metadata_location());
}

}  // namespace
}  // namespace earthcatalog::iceberg
