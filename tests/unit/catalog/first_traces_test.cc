#include "earthcatalog/catalog/first_traces.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "earthcatalog/catalog/catalog.h"

namespace earthcatalog::catalog {
namespace {

namespace fs = std::filesystem;

class FirstTracesTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    base_ = folder_ / "catalog";
    paths_ = Paths::FromBase(base_.string()).ValueOrDie();
    traces_ = FirstTraces::Before(paths_).ValueOrDie();
  }
  void MakeCatalog() const { ASSERT_TRUE(Catalog::OpenOrCreate(paths_, grid::Config{"h3", 1}).ok()); }
  void Remove() const {
    traces_.RemoveTable();
    traces_.RemoveFolders();
  }
  fs::path FolderOfACell() const { return base_ / "warehouse" / "grid_partition=a" / "year=2020"; }

  fs::path folder_;
  fs::path base_;
  Paths paths_;
  FirstTraces traces_;
};

TEST_F(FirstTracesTest, NothingIsLeftOfATableThatNobodyCommittedTo) {
  MakeCatalog();
  Remove();
  EXPECT_FALSE(fs::exists(base_));
  EXPECT_TRUE(fs::exists(folder_));
}

// A run that was ended by its partitioner left the folders of the files that it had taken back.
TEST_F(FirstTracesTest, EmptyFoldersOfCellsGoToo) {
  MakeCatalog();
  fs::create_directories(FolderOfACell());
  Remove();
  EXPECT_FALSE(fs::exists(base_));
}

TEST_F(FirstTracesTest, AFileStaysWithItsFolders) {
  MakeCatalog();
  fs::create_directories(FolderOfACell());
  std::ofstream(FolderOfACell() / "mine.txt") << "mine";
  fs::create_directories(base_ / "warehouse" / "grid_partition=b");
  Remove();
  EXPECT_TRUE(fs::exists(FolderOfACell() / "mine.txt"));
  EXPECT_FALSE(fs::exists(base_ / "warehouse" / "grid_partition=b"));
  EXPECT_FALSE(fs::exists(base_ / "earthcatalog.db"));
}

TEST_F(FirstTracesTest, ACatalogThatWasThereIsNotTouched) {
  MakeCatalog();
  traces_ = FirstTraces::Before(paths_).ValueOrDie();
  fs::create_directories(FolderOfACell());
  Remove();
  EXPECT_TRUE(fs::exists(base_ / "earthcatalog.db"));
  EXPECT_TRUE(fs::exists(FolderOfACell()));
}

}  // namespace
}  // namespace earthcatalog::catalog
