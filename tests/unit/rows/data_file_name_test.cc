#include "earthcatalog/rows/data_file_name.h"

#include <gtest/gtest.h>

namespace earthcatalog::rows {
namespace {

TEST(DataFileName, WhereAFileIsWritten) {
  EXPECT_EQ(DataFilePath("81003ffffffffff", 2020, 12, "0a1b2c3d"),
            "grid_partition=81003ffffffffff/year=2020/part_000012_0a1b2c3d.parquet");
  EXPECT_EQ(DataFilePath("Nord \u00e9", std::nullopt, 1'234'567, "00000000"),
            "grid_partition=Nord \u00e9/year=unknown/part_1234567_00000000.parquet");
  EXPECT_EQ(DataFilePath("x", 79, 0, "ffffffff"), "grid_partition=x/year=0079/part_000000_ffffffff.parquet");
}

TEST(DataFileName, WhatIsWrittenIsRead) {
  for (const int64_t number : {int64_t{0}, int64_t{7}, int64_t{1'000'000}, INT64_MAX}) {
    const std::string path = DataFilePath("cell_part_9", 2020, number, "0a1b2c3d");
    const auto name = DataFileNameOf(path);
    ASSERT_TRUE(name) << path;
    EXPECT_EQ(name->part_number, number);
    EXPECT_EQ(name->token, "0a1b2c3d");
  }
}

TEST(DataFileName, NamesOfOlderVersionsHaveNoToken) {
  const auto name = ParseDataFileName("part_000012.parquet");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->part_number, 12);
  EXPECT_EQ(name->token, "");
  EXPECT_TRUE(DataFileNameOf("/w/grid_partition=81/year=None/part_000012.parquet"));
}

TEST(DataFileName, PathsAreReadWithWhateverIsBeforeTheName) {
  for (const char* path :
       {"part_000003_0a1b2c3d.parquet", "s3a://bucket/a/part_000003_0a1b2c3d.parquet",
        "file:///w/grid_partition=81/year=unknown/part_000003_0a1b2c3d.parquet", "/part_7/part_3.parquet"}) {
    const auto name = DataFileNameOf(path);
    ASSERT_TRUE(name) << path;
    EXPECT_EQ(name->part_number, 3) << path;
  }
}

// A table names whatever paths its writers gave it.
TEST(DataFileName, DangerANameOfOthersCountsAsOneOfOurs) {
  for (const char* name : {"",
                           "part_",
                           "part_.parquet",
                           "part_parquet",
                           "part_1",
                           "part__0a1b2c3d.parquet",
                           "part_000012_.parquet",
                           "part_000012_0a1b2c3.parquet",
                           "part_000012_0a1b2c3d4.parquet",
                           "part_000012_0a1b2c3D.parquet",
                           "part_000012_foreign.parquet",
                           "part_000012_0a1b2c3d_1.parquet",
                           "part_000012_0a1b2c3d.parquet.bak",
                           "part_000012_0a1b2c3d.PARQUET",
                           " part_000012_0a1b2c3d.parquet",
                           "part-00000-0a1b2c3d.parquet",
                           "part_12a_0a1b2c3d.parquet",
                           "part_-12_0a1b2c3d.parquet",
                           "part_-12.parquet",
                           "part_+12.parquet",
                           "part_0x12.parquet",
                           "part_9223372036854775808.parquet",
                           "part_99999999999999999999999_0a1b2c3d.parquet",
                           "mine.parquet",
                           "a/part_000012_0a1b2c3d.parquet"}) {
    EXPECT_FALSE(ParseDataFileName(name)) << name;
  }
  for (const char* path : {"", "/", "x/part_-12.parquet", "part_000012_0a1b2c3d.parquet/",
                           "part_12/x.parquet", "part_000099_foreign.parquet"}) {
    EXPECT_FALSE(DataFileNameOf(path)) << path;
  }
}

TEST(DataFileName, FoldersOfCellsAndYears) {
  EXPECT_TRUE(IsCellFolder("grid_partition=81"));
  EXPECT_FALSE(IsCellFolder("cell=81"));
  for (const char* name : {"year=2020", "year=unknown", "year=None"}) EXPECT_TRUE(IsYearFolder(name)) << name;
  for (const char* name : {"", "2020", "month=1", "Year=2020"}) EXPECT_FALSE(IsYearFolder(name)) << name;
}

// What is written, read again.
TEST(PartitionOfPath, IsWhatTheFileWasWrittenFor) {
  for (const std::optional<int> year : {std::optional<int>(), std::optional(79), std::optional(2024)}) {
    const iceberg::Partition partition =
        PartitionOfPath(DataFilePath("81", year, 3, "0a1b2c3d")).ValueOrDie();
    EXPECT_EQ(partition.grid_partition, "81");
    EXPECT_EQ(partition.calendar_year(), year);
  }
}

TEST(PartitionOfPath, IsThatOfTheFolders) {
  const auto of = [](const char* path) { return PartitionOfPath(path).ValueOrDie(); };
  EXPECT_EQ(of("s3://b/w/grid_partition=8001fffffffffff/year=2024/part.parquet"),
            (iceberg::Partition{"8001fffffffffff", 54}));
  EXPECT_EQ(of("file:///w/grid_partition=__none__/year=unknown/a"),
            (iceberg::Partition{"__none__", std::nullopt}));
  EXPECT_EQ(of("/w/grid_partition=c/year=None/part_000001.parquet"), (iceberg::Partition{"c", std::nullopt}));
  EXPECT_EQ(of("/w/year=null/grid_partition=a%20b/a"), (iceberg::Partition{"a b", std::nullopt}));
  EXPECT_EQ(of("/grid_partition=__HIVE_DEFAULT_PARTITION__/year=1969/a"),
            (iceberg::Partition{std::nullopt, -1}));
  for (const char* path :
       {"part.parquet", "/w/year=2024/a", "/w/grid_partition=c/a", "/w/grid_partition=c/year=2024",
        "/w/grid_partition=c/year=20x4/a", "/w/grid_partition=c/year=/a"}) {
    EXPECT_EQ(KindOf(PartitionOfPath(path).status()), ErrorKind::kUsage) << path;
  }
}

TEST(PartitionOfPath, DangerAFolderFurtherUpIsTakenForTheFilesOwn) {
  const auto of = [](const char* path) { return PartitionOfPath(path).ValueOrDie(); };
  const iceberg::Partition expected{"c", 2019 - iceberg::Partition::kEpochYear};
  EXPECT_EQ(of("s3://b/exports/year=2024/wh/grid_partition=c/year=2019/p.parquet"), expected);
  EXPECT_EQ(of("/grid_partition=other/year=2024/grid_partition=c/year=2019/p.parquet"), expected);
  EXPECT_EQ(of("/grid_partition=other/wh/year=2019/grid_partition=c/p.parquet"), expected);
  EXPECT_EQ(of("grid_partition=c/year=2019/p.parquet"), expected);
  for (const char* path : {"/exports/year=2024/wh/grid_partition=c/p.parquet",
                           "/exports/year=2024/grid_partition=c/data/p.parquet",
                           "/grid_partition=c/year=2024/year=2019/p.parquet"}) {
    EXPECT_EQ(KindOf(PartitionOfPath(path).status()), ErrorKind::kUsage) << path;
  }
}

}  // namespace
}  // namespace earthcatalog::rows
