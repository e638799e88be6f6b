#include "earthcatalog/maintain/warehouse_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "unit/support/temp_folder.h"

namespace earthcatalog::maintain {
namespace {

using testing::ElementsAre;

TEST(ListWarehouse, TellsDataFilesFromOthers) {
  const test::TempFolder folder;
  for (const std::string name :
       {"b.parquet", "grid_partition=c/year=2020/a.parquet", "deep/er/x.parquet", ".tmp-1.parquet",
        "_dir/a.parquet", "grid_partition=c/.x/a.parquet", "notes.txt", "a.parquet.bak",
        "earthcatalog/stac_items/metadata/a.parquet"}) {
    std::filesystem::create_directories(std::filesystem::path(folder / name).parent_path());
    folder.Write(name, "12345");
  }
  const WarehouseFiles files = ListWarehouse(io::Resolve(folder.path()).ValueOrDie()).ValueOrDie();
  std::vector<std::string> names;
  for (const WarehouseFile& file : files.data) {
    names.push_back(file.name);
    EXPECT_EQ(file.bytes, 5);
  }
  EXPECT_THAT(names, ElementsAre("b.parquet", "deep/er/x.parquet", "grid_partition=c/year=2020/a.parquet"));
  EXPECT_EQ(files.hidden, 3);
  EXPECT_EQ(files.other, 2);
  EXPECT_TRUE(ListWarehouse(io::Resolve(folder / "nowhere").ValueOrDie()).ValueOrDie().data.empty());
}

TEST(NameInWarehouse, IsWhatThePathEndsWithWhereverItLeads) {
  const io::Location warehouse = io::Resolve("/base/warehouse").ValueOrDie();
  const auto name = [&](const char* path) { return NameInWarehouse(warehouse, path); };
  const std::string file = "grid_partition=c/year=2020/a.parquet";
  EXPECT_EQ(name("/base/warehouse/grid_partition=c/year=2020/a.parquet"), file);
  EXPECT_EQ(name("file:///base/warehouse/grid_partition=c/year=2020/a.parquet"), file);
  EXPECT_EQ(name("/other/warehouse/grid_partition=c/year=2020/a.parquet"), file);
  EXPECT_EQ(name("s3://bucket/w/grid_partition=c/year=2020/a.parquet"), file);
  EXPECT_EQ(name("/other/year=2020/grid_partition=c/a.parquet"), "year=2020/grid_partition=c/a.parquet");
  EXPECT_EQ(name("/base/warehouse/backup/grid_partition=c/year=2020/a.parquet"), "backup/" + file)
      << "another file than that";
  EXPECT_EQ(name("/base/warehouse2/a.parquet"), "/base/warehouse2/a.parquet");
  EXPECT_EQ(name("a.parquet").substr(0, 1), "a");
}

}  // namespace
}  // namespace earthcatalog::maintain
