#include "earthcatalog/catalog/catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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
    locations_ = Locations::FromBase(folder_.string()).ValueOrDie();
  }

  grid::Config Grid(std::optional<int> resolution) {
    grid::Config config;
    config.resolution = resolution;
    return config;
  }

  std::filesystem::path folder_;
  Locations locations_;
};

// D2: the grid is a property of the table from its creation on, and another one is refused.
TEST_F(CatalogTest, TheGridIsSettledAtCreation) {
  ASSERT_TRUE(Catalog::OpenOrCreate(locations_, Grid(3)).ok());
  const auto reopened = Catalog::Open(locations_).ValueOrDie();
  EXPECT_EQ(reopened->grid(), Grid(3));
  EXPECT_EQ(reopened->table().properties().at(kGridResolutionProperty), "3");

  const Status status = Catalog::OpenOrCreate(locations_, Grid(2)).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("h3 resolution 3, not h3 resolution 2"));
  EXPECT_TRUE(Catalog::OpenOrCreate(locations_, std::nullopt).ok());
  EXPECT_TRUE(Catalog::OpenOrCreate(locations_, Grid(std::nullopt)).ok());
}

// D38
TEST_F(CatalogTest, ResolutionZeroIsAResolution) {
  ASSERT_TRUE(Catalog::OpenOrCreate(locations_, Grid(0)).ok());
  EXPECT_EQ(Catalog::Open(locations_).ValueOrDie()->grid().resolution, 0);
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
  EXPECT_EQ(Locations::FromBase(folder_.string()).ValueOrDie().db_path, (folder_ / "catalog.db").string());
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
