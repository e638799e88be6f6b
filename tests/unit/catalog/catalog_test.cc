#include "earthcatalog/catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "support/environment.h"

namespace earthcatalog::catalog {
namespace {

using testing::HasSubstr;

class CatalogTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    locations_ = Paths::FromBase(folder_.string()).ValueOrDie();
  }

  grid::Config Grid(std::optional<int> resolution) {
    grid::Config config;
    config.resolution = resolution;
    config.max_cells = grid::kDefaultMaxCells;
    return config;
  }

  std::filesystem::path folder_;
  Paths locations_;
};

// D2: the grid is a property of the table from its creation on, and another one is refused.
TEST_F(CatalogTest, TheGridIsSettledAtCreation) {
  ASSERT_TRUE(Catalog::OpenOrCreate(locations_, Grid(3)).ok());
  const auto reopened = Catalog::Open(locations_).ValueOrDie();
  EXPECT_EQ(reopened->Grid().ValueOrDie().config, Grid(3));
  EXPECT_EQ(reopened->table().properties().at(kGridResolutionProperty), "3");

  const Status status = Catalog::OpenOrCreate(locations_, Grid(2)).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("h3 resolution 3, not h3 resolution 2"));
  EXPECT_TRUE(Catalog::OpenOrCreate(locations_, std::nullopt).ok());
  EXPECT_TRUE(Catalog::OpenOrCreate(locations_, Grid(std::nullopt)).ok());
}

TEST_F(CatalogTest, RegionsAreRecordedByTheirAbsolutePathAndLoadedOnce) {
  const std::string path = (folder_ / "regions.geojson").string();
  std::ofstream(path)
      << R"({"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"a"},
      "geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}]})";
  const std::string roundabout = (folder_ / "x" / ".." / "regions.geojson").string();
  const grid::Config config = {"geojson", std::nullopt, roundabout, "name"};
  ASSERT_TRUE(Catalog::OpenOrCreate(locations_, config).ok());
  const auto reopened = Catalog::OpenOrCreate(locations_, config).ValueOrDie();
  EXPECT_EQ(reopened->table().properties().at(kGridTypeProperty), "geojson");
  EXPECT_EQ(reopened->table().properties().at(kGridBoundariesProperty), path);
  EXPECT_EQ(reopened->table().properties().at(kGridIdFieldProperty), "name");
  EXPECT_EQ(reopened->table().properties().count(kGridResolutionProperty), 0);

  const auto opened = Catalog::Open(locations_).ValueOrDie();
  const auto partitioner = opened->Partitioner().ValueOrDie();
  EXPECT_EQ(partitioner->Name(1), "a");
  std::filesystem::remove(path);
  EXPECT_EQ(opened->Partitioner().ValueOrDie(), partitioner);
  EXPECT_EQ(reopened->Partitioner().ValueOrDie()->Name(1), "a");
  const auto without_file = Catalog::Open(locations_).ValueOrDie();
  EXPECT_EQ(KindOf(without_file->Partitioner().status()), ErrorKind::kNotFound);
  EXPECT_EQ(without_file->GetInfo().ValueOrDie().grid_type, "geojson");
}

TEST_F(CatalogTest, ACustomGridBelongsToItsClass) {
  const auto partitioner = grid::MakePartitioner({}).ValueOrDie();  // any will do
  const grid::Config config = {grid::kCustomType, std::nullopt, "", "", "Hexes"};
  EXPECT_EQ(KindOf(Catalog::OpenOrCreate(locations_, config).status()), ErrorKind::kUsage);
  EXPECT_FALSE(std::filesystem::exists(locations_.db_path));
  const auto made = Catalog::OpenOrCreate(locations_, config, partitioner).ValueOrDie();
  EXPECT_EQ(made->table().properties().at(kGridClassProperty), "Hexes");
  EXPECT_EQ(made->Partitioner().ValueOrDie()->Name(1), partitioner->Name(1));
  const Status status = Catalog::Open(locations_).ValueOrDie()->Partitioner().status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("the Python class Hexes"));
  const grid::Config other = {grid::kCustomType, std::nullopt, "", "", "Squares"};
  EXPECT_THAT(Catalog::OpenOrCreate(locations_, other, partitioner).status().message(),
              HasSubstr("the Python class Hexes, not the Python class Squares"));
}

// Data of one table in two places, because a flag named another folder.
TEST_F(CatalogTest, AnotherWarehouseThanTheTablesIsRefused) {
  ASSERT_TRUE(Catalog::OpenOrCreate(locations_, std::nullopt).ok());
  const std::string other = (folder_ / "other").string();
  const Paths wrong{locations_.db_path, other};
  for (const Status& status :
       {Catalog::OpenOrCreate(wrong, std::nullopt).status(), Catalog::Open(wrong).status()}) {
    EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
    EXPECT_THAT(status.message(), HasSubstr("file://" + locations_.warehouse));
    EXPECT_THAT(status.message(), HasSubstr("file://" + other));
  }
}

TEST_F(CatalogTest, AWarehouseOfAnotherCatalogFileIsRefused) {
  {
    const auto catalog = Catalog::OpenOrCreate(locations_, std::nullopt).ValueOrDie();
    ASSERT_TRUE(catalog->table().Append({.files = {}, .schema = nullptr, .summary = {{"note", "x"}}}).ok());
  }
  Paths other = locations_;
  other.db_path = (folder_ / "other.db").string();
  const Status status = Catalog::OpenOrCreate(other, std::nullopt).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("holds a table already, which another catalog file names"));
  EXPECT_TRUE(Catalog::OpenOrCreate(locations_, std::nullopt).ok());
}

TEST_F(CatalogTest, WhatARunKilledAtCreationLeftIsNoTable) {
  ASSERT_TRUE(Catalog::OpenOrCreate(locations_, std::nullopt).ok());
  std::filesystem::remove(folder_ / "earthcatalog.db");
  EXPECT_TRUE(Catalog::OpenOrCreate(locations_, std::nullopt).ok());
}

TEST_F(CatalogTest, TheSameWarehouseMayBeWrittenInOtherWays) {
  ASSERT_TRUE(Catalog::OpenOrCreate(locations_, std::nullopt).ok());
  const std::filesystem::path link = folder_ / "link";
  std::filesystem::create_directory_symlink(locations_.warehouse, link);
  for (const std::string& same :
       {locations_.warehouse + "//", "file://" + locations_.warehouse, "file:" + locations_.warehouse,
        (folder_ / "." / "x" / ".." / "warehouse").string(), link.string()}) {
    const Status status = Catalog::OpenOrCreate({locations_.db_path, same}, std::nullopt).status();
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
}

TEST_F(CatalogTest, AFileUriNamesTheDatabaseToo) {
  ASSERT_TRUE(
      Catalog::OpenOrCreate({"file://" + locations_.db_path, locations_.warehouse}, std::nullopt).ok());
  EXPECT_TRUE(std::filesystem::exists(locations_.db_path));
  EXPECT_TRUE(Catalog::Open(locations_).ok());
}

// A local folder named `s3:` is not what was meant.
TEST_F(CatalogTest, PlacesInObjectStorageMakeNoFolder) {
  test::Environment environment;
  environment.Set("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
  environment.Set("AWS_EC2_METADATA_DISABLED", "true");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  const Paths apart{"s3://bucket/earthcatalog.db", locations_.warehouse};
  for (const Status& status :
       {Catalog::OpenOrCreate(apart, std::nullopt).status(), Catalog::Open(apart).status()}) {
    EXPECT_EQ(KindOf(status), ErrorKind::kUsage) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("needs its warehouse there, too"));
  }
  EXPECT_EQ((Paths{"x", "s3://b/w"}.LockFolder()->uri), "s3://b");
  EXPECT_EQ((Paths{"x", "s3://b/base/w/"}.LockFolder()->uri), "s3://b/base");
  EXPECT_EQ(KindOf(Paths{"x", "s3://b"}.LockFolder().status()), ErrorKind::kUsage);
  std::filesystem::current_path(before);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

// Two first runs at once: both go on, with one table.
TEST_F(CatalogTest, OfSeveralThatCreateTheTableAllGetIt) {
  for (int round = 0; round < 5; ++round) {
    std::filesystem::remove_all(folder_);
    std::vector<std::string> uuids(6);
    std::vector<std::thread> threads;
    for (std::string& uuid : uuids) {
      threads.emplace_back([&] {
        const auto catalog = Catalog::OpenOrCreate(locations_, Grid(2));
        EXPECT_TRUE(catalog.ok()) << catalog.status().ToString();
        if (catalog.ok()) uuid = (*catalog)->table().uuid();
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(uuids, testing::Each(uuids.front()));
  }
}

// D38
TEST_F(CatalogTest, ResolutionZeroIsAResolution) {
  ASSERT_TRUE(Catalog::OpenOrCreate(locations_, Grid(0)).ok());
  EXPECT_EQ(Catalog::Open(locations_).ValueOrDie()->Grid().ValueOrDie().config.resolution, 0);
}

TEST_F(CatalogTest, AGridThatCannotBeBuiltLeavesNothingBehind) {
  grid::Config config;
  config.type = "s2";
  EXPECT_EQ(KindOf(Catalog::OpenOrCreate(locations_, config).status()), ErrorKind::kUsage);
  EXPECT_FALSE(std::filesystem::exists(locations_.db_path));
}

TEST_F(CatalogTest, OpeningWhatIsNotThereSaysWhat) {
  const Status status = Catalog::Open(locations_).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("earthcatalog.db"));
  EXPECT_FALSE(std::filesystem::exists(locations_.db_path));
}

TEST_F(CatalogTest, AnOlderNameOfTheDatabaseIsFound) {
  std::ofstream(folder_ / "catalog.db") << "";
  EXPECT_EQ(Paths::FromBase(folder_.string()).ValueOrDie().db_path, (folder_ / "catalog.db").string());
}

TEST_F(CatalogTest, AnEmptyTableHasEmptyStatistics) {
  const auto catalog = Catalog::OpenOrCreate(locations_, std::nullopt).ValueOrDie();
  EXPECT_TRUE(catalog->Stats().ValueOrDie().empty());
  const Info info = catalog->GetInfo().ValueOrDie();
  EXPECT_EQ(info.row_count, 0);
  EXPECT_EQ(info.grid_resolution, 1);
  EXPECT_EQ(info.snapshot_count, 0);
}

}  // namespace
}  // namespace earthcatalog::catalog
