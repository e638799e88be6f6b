#include "earthcatalog/maintain/orphans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "earthcatalog/base/time.h"

namespace earthcatalog::maintain {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

constexpr char kUuid[] = "0a1b2c3d-0123-4567-89ab-0123456789ab";

class OrphansTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    locations_ = catalog::Paths::FromBase(folder_.string()).ValueOrDie();
    catalog_ = catalog::Catalog::OpenOrCreate(locations_, std::nullopt).ValueOrDie();
  }

  // A file below the base.
  std::string Make(const std::string& relative) {
    const std::filesystem::path path = folder_ / relative;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "12345";
    return path.string();
  }

  std::vector<std::string> Find(const catalog::Catalog& catalog, int64_t seconds_old = -60) {
    const auto base = locations_.LockFolder().ValueOrDie();
    const int64_t before = NowMicros() - seconds_old * 1'000'000;
    std::vector<std::string> paths;
    for (const Orphan& orphan : FindOrphans(catalog, {base}, before).ValueOrDie()) {
      paths.push_back(orphan.file.path);
    }
    return paths;
  }

  std::filesystem::path folder_;
  catalog::Paths locations_;
  std::unique_ptr<catalog::Catalog> catalog_;
};

const std::string kMetadata = "warehouse/earthcatalog/stac_items/metadata/";

TEST_F(OrphansTest, AFreshTableHasNone) { EXPECT_THAT(Find(*catalog_), IsEmpty()); }

TEST_F(OrphansTest, WhatRunsMakeAndNobodyNames) {
  std::vector<std::string> made;
  for (const std::string& path : std::vector<std::string>{
           "warehouse/grid_partition=81/year=2020/part_000012_0a1b2c3d.parquet",
           "warehouse/grid_partition=Nord \u00e9/year=unknown/part_1234567_0a1b2c3d.parquet",
           std::string("warehouse/grid_partition=81/year=2020/.tmp-") + kUuid,
           std::string("warehouse/.tmp-") + kUuid, std::string("warehouse/.write-check-") + kUuid,
           std::string(".lock.") + kUuid, kMetadata + ".tmp-" + kUuid,
           kMetadata + "00012-" + kUuid + ".metadata.json", kMetadata + "snap-123-0-" + kUuid + ".avro",
           kMetadata + kUuid + "-m0.avro", kMetadata + kUuid + "-m12.avro"}) {
    made.push_back(Make(path));
  }
  EXPECT_THAT(Find(*catalog_), UnorderedElementsAreArray(made));
  EXPECT_THAT(Find(*catalog_, 3600), IsEmpty()) << "they are younger than an hour";
}

TEST_F(OrphansTest, ForeignFilesAreNobodysBusiness) {
  for (const std::string& path : std::vector<std::string>{
           "notes.txt",
           ".tmp-1",
           "part_000012_0a1b2c3d.parquet",
           "warehouse/README.md",
           "warehouse/part_000012_0a1b2c3d.parquet",
           "warehouse/.tmp-mine",
           std::string("warehouse/") + kUuid + "-m0.avro",
           "warehouse/grid_partition=81/part_000012_0a1b2c3d.parquet",
           "warehouse/grid_partition=81/year=2020/part_000012.parquet",
           "warehouse/grid_partition=81/year=2020/part-00000-0a1b2c3d.parquet",
           "warehouse/grid_partition=81/year=2020/part_12a_0a1b2c3d.parquet",
           "warehouse/grid_partition=81/year=2020/part_000012_0a1b2c3d.parquet.bak",
           "warehouse/grid_partition=81/year=2020/part_000012_0a1b2c3D.parquet",
           "warehouse/grid_partition=81/year=2020/deeper/part_000012_0a1b2c3d.parquet",
           "warehouse/grid_partition=81/month=2020/part_000012_0a1b2c3d.parquet",
           "warehouse/cell=81/year=2020/part_000012_0a1b2c3d.parquet",
           std::string("warehouse/other/table/metadata/00000-") + kUuid + ".metadata.json",
           kMetadata + "version-hint.text",
           kMetadata + "v1.metadata.json",
           kMetadata + "00012-" + kUuid + ".metadata.json.copy",
           kMetadata + "-" + kUuid + ".metadata.json",
           kMetadata + "snap-1-" + kUuid + ".avro",
           kMetadata + kUuid + ".avro",
           kMetadata + kUuid + "-m.avro",
           kMetadata + "20200101_stats.puffin"}) {
    Make(path);
  }
  EXPECT_THAT(Find(*catalog_), IsEmpty());
}

// However the table spells the way to a file: relative, through a link, percent-encoded, by another scheme.
TEST_F(OrphansTest, ANamedFileIsNeverAnOrphan) {
  const std::string file = "grid_partition=a b/year=2020/part_000001_0a1b2c3d.parquet";
  Make("warehouse/" + file);
  EXPECT_EQ(Find(*catalog_).size(), 1u);
  const std::string encoded = "grid_partition=a%20b/year=2020/part_000001_0a1b2c3d.parquet";
  for (const std::string& path :
       {"warehouse/" + file, "file:///somewhere/else/" + file, "s3a://b/" + encoded}) {
    std::filesystem::remove_all(folder_ / "warehouse" / "earthcatalog");
    std::filesystem::remove(locations_.db_path);
    catalog_ = catalog::Catalog::OpenOrCreate(locations_, std::nullopt).ValueOrDie();
    iceberg::DataFile named;
    named.path = path;
    named.partition = {"a b", 50};
    ASSERT_TRUE(catalog_->table().Append({.files = {named}, .schema = nullptr, .summary = {}}).ok());
    EXPECT_THAT(Find(*catalog_), IsEmpty()) << path;
  }
  // The same name in another cell is another file.
  const std::string other = Make("warehouse/grid_partition=c/year=2020/part_000001_0a1b2c3d.parquet");
  EXPECT_THAT(Find(*catalog_), ElementsAre(other));
}

// What may be the file that it looks at, by a way that does not tell its cell and year.
TEST_F(OrphansTest, APathThatCannotBeComparedIsAnError) {
  const std::string name = "part_000001_0a1b2c3d.parquet";
  Make("warehouse/grid_partition=a/year=2020/" + name);
  for (const std::string& path :
       {"link/" + name, "grid_partition=a/" + name, "grid_partition=a//year=2020/" + name,
        "grid_partition=a/year=2020/./" + name, "grid_partition=a/year=2020/../year=2020//" + name, name}) {
    std::filesystem::remove_all(folder_ / "warehouse" / "earthcatalog");
    std::filesystem::remove(locations_.db_path);
    catalog_ = catalog::Catalog::OpenOrCreate(locations_, std::nullopt).ValueOrDie();
    iceberg::DataFile named;
    named.path = path;
    named.partition = {"a", 50};
    ASSERT_TRUE(catalog_->table().Append({.files = {named}, .schema = nullptr, .summary = {}}).ok());
    const auto base = locations_.LockFolder().ValueOrDie();
    const Status status = FindOrphans(*catalog_, {base}, NowMicros() + 60'000'000).status();
    EXPECT_FALSE(status.ok()) << path;
    EXPECT_THAT(status.message(), testing::HasSubstr(path));
  }
}

TEST_F(OrphansTest, AnotherTablesFilesAreNotTakenForOrphans) {
  ASSERT_TRUE(catalog_->table().Append({.files = {}, .schema = nullptr, .summary = {{"a", "b"}}}).ok());
  std::filesystem::remove(locations_.db_path);  // lost
  // Whoever makes a new table there has to put the old one's metadata aside.
  const std::filesystem::path metadata = folder_ / kMetadata;
  std::filesystem::rename(metadata, folder_ / "aside");
  const auto anew = catalog::Catalog::OpenOrCreate(locations_, std::nullopt).ValueOrDie();
  std::filesystem::copy(folder_ / "aside", metadata);
  const auto base = locations_.LockFolder().ValueOrDie();
  const Status status = FindOrphans(*anew, {base}, NowMicros() + 60'000'000).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUsage) << status;
  EXPECT_THAT(status.message(), testing::HasSubstr("metadata of another table"));
}

}  // namespace
}  // namespace earthcatalog::maintain
