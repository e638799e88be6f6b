#include "earthcatalog/rows/write_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>

#include "unit/support/temp_folder.h"

namespace earthcatalog::rows {
namespace {

class UncommittedFilesTest : public testing::Test {
 protected:
  UncommittedFiles Two() const {
    UncommittedFiles files(warehouse_);
    files.Add({File("a.parquet")});
    files.Add({File("b.parquet")});
    return files;
  }
  bool BothAreThere() const {
    return std::filesystem::exists(folder_ / "a.parquet") && std::filesystem::exists(folder_ / "b.parquet");
  }
  bool OneIsThere() const {
    return std::filesystem::exists(folder_ / "a.parquet") || std::filesystem::exists(folder_ / "b.parquet");
  }

  const test::TempFolder folder_;

 private:
  iceberg::DataFile File(const std::string& name) const {
    folder_.Write(name, "data");
    iceberg::DataFile file;
    file.path = warehouse_.Join(name).uri;
    return file;
  }

  const io::Location warehouse_ = io::Resolve(folder_.path()).ValueOrDie();
};

TEST_F(UncommittedFilesTest, AreRemovedUnlessTheyWereReleased) {
  { const UncommittedFiles files = Two(); }
  EXPECT_FALSE(OneIsThere());
  std::vector<iceberg::DataFile> released;
  {
    UncommittedFiles files = Two();
    released = files.Release();
  }
  EXPECT_TRUE(BothAreThere());
  EXPECT_EQ(released.size(), 2u);
}

TEST_F(UncommittedFilesTest, BelongToWhoeverTheyWereMovedTo) {
  auto first = std::make_unique<UncommittedFiles>(Two());
  auto second = std::make_unique<UncommittedFiles>(std::move(*first));
  first.reset();
  EXPECT_TRUE(BothAreThere());
  second.reset();
  EXPECT_FALSE(OneIsThere());
}

}  // namespace
}  // namespace earthcatalog::rows
