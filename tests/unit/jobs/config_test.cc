#include "earthcatalog/jobs/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace earthcatalog::jobs {
namespace {

using testing::HasSubstr;

Result<Config> Load(const std::string& yaml) {
  // Test cases run side by side: each has a file of its own.
  const std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::string path = (std::filesystem::path(testing::TempDir()) / (name + ".yaml")).string();
  std::ofstream(path) << yaml;
  return LoadConfig(path);
}

TEST(Config, ReadsEveryKey) {
  const Config config = Load(R"(
catalog: {db_path: a.db, warehouse: w}
grid: {type: geojson, resolution: 3, boundaries_path: b.geojson, id_field: name, max_cells: 50}
ingest: {chunk_size: 123, max_workers: 7, batch_add_files: true}
)")
                            .ValueOrDie();
  EXPECT_EQ(config.db_path, "a.db");
  EXPECT_EQ(config.warehouse, "w");
  EXPECT_EQ(config.grid, (grid::Config{"geojson", 3, "b.geojson", "name", "", 50}));
  EXPECT_EQ(config.chunk_size, 123u);
  EXPECT_EQ(config.max_in_flight, 7);
  EXPECT_EQ(config.batch_add_files, true);
}

TEST(Config, EveryKeyIsOptional) {
  for (const char* yaml : {"", "catalog:\n", "grid: {resolution: 0}", "ingest: {}"}) {
    EXPECT_TRUE(Load(yaml).ok()) << yaml;
  }
  EXPECT_EQ(Load("grid: {resolution: 0}").ValueOrDie().grid->resolution, 0);
  EXPECT_FALSE(Load("ingest: {}").ValueOrDie().grid.has_value());
}

TEST(Config, NamesAnUnknownKeyAndItsLine) {
  const Status status = Load("catalog:\n  db_path: x\ningest:\n  chunks: 3\n").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("line 4: unknown key 'ingest.chunks'"));
  EXPECT_THAT(Load("crid: {}").status().message(), HasSubstr("unknown key 'crid'"));
}

// One of the two would be dropped without a word.
TEST(Config, AKeyOrSectionThatIsThereTwiceIsRefused) {
  const Status key = Load("ingest:\n  chunk_size: 3\n  max_workers: 2\n  chunk_size: 4\n").status();
  EXPECT_EQ(KindOf(key), ErrorKind::kUsage);
  EXPECT_THAT(key.message(), HasSubstr("line 4: 'ingest.chunk_size' is there twice"));
  const Status section = Load("catalog: {db_path: x}\ngrid:\ncatalog: {warehouse: w}\n").status();
  EXPECT_THAT(section.message(), HasSubstr("line 3: 'catalog' is there twice"));
}

TEST(Config, NamesAValueOfTheWrongType) {
  EXPECT_THAT(Load("ingest: {chunk_size: many}").status().message(), HasSubstr("'ingest.chunk_size'"));
  EXPECT_THAT(Load("grid: 3").status().message(), HasSubstr("'grid' should be a mapping"));
  EXPECT_EQ(KindOf(Load("a: [").status()), ErrorKind::kUsage);
  EXPECT_THAT(LoadConfig("/nonexistent.yaml").status().message(), HasSubstr("/nonexistent.yaml"));
}

}  // namespace
}  // namespace earthcatalog::jobs
