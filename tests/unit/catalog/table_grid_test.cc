#include "earthcatalog/catalog/table_grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/iceberg/sqlite_catalog.h"
#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::catalog {
namespace {

using testing::HasSubstr;

constexpr char kOfResolution1[] = "810f7ffffffffff", kAnother[] = "81067ffffffffff";
constexpr char kOfResolution3[] = "830001fffffffff";

class TableGridTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    locations_ = Paths::FromBase(folder_.string()).ValueOrDie();
  }

  // A table with a file in each of the cells.
  std::unique_ptr<iceberg::Table> MakeTable(const std::vector<std::string>& cells,
                                            const std::map<std::string, std::string>& properties = {},
                                            const std::shared_ptr<arrow::Schema>& columns = nullptr) {
    iceberg::CreateOptions options;
    options.table_location = "file://" + locations_.warehouse + "/earthcatalog/stac_items";
    options.schema = columns != nullptr ? columns : item::InitialSchema();
    options.properties = properties;
    auto store = iceberg::OpenSqliteCatalog(locations_.db_path, /*create=*/true).ValueOrDie();
    auto table = iceberg::Table::Create(std::move(store), options).ValueOrDie();
    iceberg::Table::CommitRequest request;
    for (const std::string& cell : cells) {
      iceberg::DataFile file;
      file.path = "file://" + locations_.warehouse + "/" + cell + ".parquet";
      file.partition = {cell, 50};
      file.record_count = 1;
      request.files.push_back(file);
    }
    EXPECT_TRUE(cells.empty() || table->Append(request).ok());
    return table;
  }

  std::filesystem::path folder_;
  Paths locations_;
};

grid::Config H3(std::optional<int> resolution, std::optional<int64_t> max_cells = 0) {
  return {.type = "h3", .resolution = resolution, .max_cells = max_cells};
}

TEST_F(TableGridTest, PropertiesComeBeforeCells) {
  const auto table = MakeTable({kOfResolution1}, GridProperties(H3(3)));
  const TableGrid found = FindGrid(*table).ValueOrDie();
  EXPECT_EQ(found.config, H3(3));
  EXPECT_TRUE(found.recorded);
}

// D2: earthcatalog <= 0.6 stores no grid and takes resolution 1 for granted, whatever it wrote with.
TEST_F(TableGridTest, WithoutPropertiesTheCellsTellTheResolution) {
  const auto table = MakeTable({grid::kNoCellName, kOfResolution3});
  const TableGrid found = FindGrid(*table).ValueOrDie();
  EXPECT_EQ(found.config, H3(3));
  EXPECT_FALSE(found.recorded);
  EXPECT_EQ(ChooseGrid(std::nullopt, found).ValueOrDie(), H3(3));
  EXPECT_EQ(ChooseGrid(H3(std::nullopt), found).ValueOrDie(), H3(3));
  const Status status = ChooseGrid(H3(1), found).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("h3 resolution 3, not h3 resolution 1"));
}

TEST_F(TableGridTest, ATypeWithoutAResolutionIsNotEnough) {
  const auto table = MakeTable({kOfResolution3}, {{kGridTypeProperty, "h3"}});
  EXPECT_EQ(FindGrid(*table).ValueOrDie().config, H3(3));
}

TEST_F(TableGridTest, WithoutCellsTheRunMayChoose) {
  const auto table = MakeTable({grid::kNoCellName});
  const TableGrid found = FindGrid(*table).ValueOrDie();
  EXPECT_EQ(ChooseGrid(std::nullopt, found).ValueOrDie(), H3(1));
  EXPECT_EQ(ChooseGrid(H3(4), found).ValueOrDie(), H3(4));
}

// As registering says: the coarser cells are those of wide items.
TEST_F(TableGridTest, DangerCellsOfSeveralResolutionsAreToldInTwoWays) {
  const auto table = MakeTable({kOfResolution1, kAnother, kOfResolution3, grid::kGlobalCellName});
  const TableGrid found = FindGrid(*table).ValueOrDie();
  EXPECT_EQ(found.config, H3(3, grid::kDefaultMaxCells));
  EXPECT_FALSE(found.recorded);
  EXPECT_EQ(found.doubt, "");
  EXPECT_EQ(ChooseGrid(std::nullopt, found).ValueOrDie(), found.config);
  EXPECT_EQ(KindOf(ChooseGrid(H3(1), found).status()), ErrorKind::kUsage);
}

TEST_F(TableGridTest, CellsTellOneGridOrNone) {
  const auto columns = item::InitialSchema();
  const auto limit = grid::kDefaultMaxCells;
  EXPECT_EQ(GridOfCells({kOfResolution1, kAnother}, *columns), H3(1, 0));
  EXPECT_EQ(GridOfCells({kOfResolution1, grid::kNoCellName}, *columns), H3(1, 0));
  EXPECT_EQ(GridOfCells({kOfResolution1, kOfResolution3}, *columns), H3(3, limit));
  EXPECT_EQ(GridOfCells({kOfResolution1, grid::kGlobalCellName}, *columns), H3(1, limit));
  EXPECT_EQ(GridOfCells({}, *columns), std::nullopt);
  EXPECT_EQ(GridOfCells({grid::kNoCellName, grid::kGlobalCellName}, *columns), std::nullopt);
  EXPECT_EQ(GridOfCells({kOfResolution1, "greenland"}, *columns), std::nullopt);
}

TEST_F(TableGridTest, TheGlobalCellAloneTellsNoGrid) {
  const TableGrid found = FindGrid(*MakeTable({grid::kGlobalCellName})).ValueOrDie();
  EXPECT_TRUE(found.open);
  EXPECT_THAT(ChooseGrid(std::nullopt, found).status().message(), HasSubstr("such as '__global__'"));
}

// Its runs took any resolution, and knew no wide items.
TEST_F(TableGridTest, CellsOfSeveralResolutionsInAnOlderTableAreNotAddedTo) {
  const auto older = item::InitialSchema()->AddField(1, arrow::field("assets", arrow::utf8())).ValueOrDie();
  const auto table = MakeTable({kOfResolution1, kAnother, kOfResolution3}, {}, older);
  const TableGrid found = FindGrid(*table).ValueOrDie();
  EXPECT_EQ(found.config.type, kUnknownGridType);
  for (const auto& wanted : {std::optional<grid::Config>(), std::optional(H3(1))}) {
    const Status status = ChooseGrid(wanted, found).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
    EXPECT_THAT(status.message(), HasSubstr("several H3 resolutions (1 to 3)"));
  }
}

TEST_F(TableGridTest, RegionsMustBeNamed) {
  const auto table = MakeTable({"greenland"});
  const TableGrid found = FindGrid(*table).ValueOrDie();
  EXPECT_EQ(found.config.type, kUnknownGridType);
  EXPECT_THAT(ChooseGrid(std::nullopt, found).status().message(), HasSubstr("such as 'greenland'"));
  grid::Config regions = {"geojson", std::nullopt, "/regions.geojson", "name"};
  const grid::Config chosen = ChooseGrid(regions, found).ValueOrDie();
  regions.max_cells = 0;
  EXPECT_EQ(chosen, regions);
  EXPECT_FALSE(Catalog::OpenOrCreate(locations_, std::nullopt).ok());
  EXPECT_EQ(Catalog::Open(locations_).ValueOrDie()->GetInfo().ValueOrDie().grid_type, kUnknownGridType);
}

TEST_F(TableGridTest, RegionsWithoutARecordedIdFieldAreNamedById) {
  const auto table =
      MakeTable({"a"}, {{kGridTypeProperty, "geojson"}, {kGridBoundariesProperty, "/regions.geojson"}});
  const grid::Config regions = {"geojson", std::nullopt, "/regions.geojson", "id", "", 0};
  EXPECT_EQ(FindGrid(*table).ValueOrDie().config, regions);
}

TEST_F(TableGridTest, ACommitRecordsTheGridThatWasNot) {
  MakeTable({kOfResolution3});
  const auto catalog = Catalog::OpenOrCreate(locations_, std::nullopt).ValueOrDie();
  EXPECT_FALSE(catalog->GetInfo().ValueOrDie().grid_recorded);
  iceberg::Table::CommitRequest request;
  request.files.emplace_back().path = "file:///x.parquet";
  request.missing_properties = catalog->UnrecordedGrid().ValueOrDie();
  request.missing_properties["write.metadata.compression-codec"] = "none";
  ASSERT_TRUE(catalog->table().Append(request).ok());
  request.missing_properties[kGridResolutionProperty] = "7";  // is there by now
  ASSERT_TRUE(catalog->table().Append(request).ok());
  const auto reopened = Catalog::Open(locations_).ValueOrDie();
  EXPECT_EQ(reopened->Grid().ValueOrDie().config, H3(3));
  EXPECT_TRUE(reopened->GetInfo().ValueOrDie().grid_recorded);
  EXPECT_TRUE(reopened->UnrecordedGrid().ValueOrDie().empty());
  EXPECT_EQ(reopened->table().properties().at("write.metadata.compression-codec"), "none");
}

TEST_F(TableGridTest, ATableThatRecordsNoLimitHasNone) {
  MakeTable({kOfResolution1}, {{kGridTypeProperty, "h3"}, {kGridResolutionProperty, "1"}});
  for (const auto& wanted : {std::optional<grid::Config>(), std::optional(H3(1, std::nullopt))}) {
    const auto catalog = Catalog::OpenOrCreate(locations_, wanted).ValueOrDie();
    EXPECT_EQ(catalog->Grid().ValueOrDie().config, H3(1, 0));
    EXPECT_EQ(catalog->GetInfo().ValueOrDie().grid_max_cells, std::nullopt);
    EXPECT_TRUE(catalog->UnrecordedGrid().ValueOrDie().empty());
    EXPECT_FALSE(catalog->table().properties().contains(kGridMaxCellsProperty));
  }
  const Status status = Catalog::OpenOrCreate(locations_, H3(1, 100)).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
  EXPECT_THAT(status.message(),
              HasSubstr("can have cells without a limit, not at most 100 cells; leave max"));
}

TEST_F(TableGridTest, ALimitIsRecordedWithTheTableAndKept) {
  EXPECT_EQ(Catalog::OpenOrCreate(locations_, H3(2, 7)).ValueOrDie()->GetInfo().ValueOrDie().grid_max_cells,
            7);
  const auto catalog = Catalog::OpenOrCreate(locations_, H3(2, std::nullopt)).ValueOrDie();
  EXPECT_EQ(catalog->Grid().ValueOrDie().config, H3(2, 7));
  EXPECT_EQ(catalog->table().properties().at(kGridMaxCellsProperty), "7");
  EXPECT_THAT(Catalog::OpenOrCreate(locations_, H3(2, 8)).status().message(),
              HasSubstr("can have at most 7 cells, not at most 8 cells"));
  EXPECT_THAT(Catalog::OpenOrCreate(locations_, H3(2, 0)).status().message(),
              HasSubstr("not cells without a limit"));
  EXPECT_THAT(Catalog::OpenOrCreate(locations_, H3(3, 7)).status().message(),
              HasSubstr("h3 resolution 2, not h3 resolution 3"));
}

TEST_F(TableGridTest, ANewTableHasTheDefaultLimitUnlessNoneIsWanted) {
  EXPECT_EQ(GridProperties(grid::Settle({}).ValueOrDie()).at(kGridMaxCellsProperty),
            std::to_string(grid::kDefaultMaxCells));
  EXPECT_FALSE(GridProperties(H3(1, 0)).contains(kGridMaxCellsProperty));
  for (const int64_t wrong : {-1L, 100'001L})
    EXPECT_EQ(KindOf(grid::Settle(H3(1, wrong)).status()), ErrorKind::kUsage);
}

// The cells of wide items do not make the grid doubtful: the properties name it.
TEST_F(TableGridTest, CoarserCellsBelongToATableWithALimit) {
  const auto table =
      MakeTable({kOfResolution1, kOfResolution3, grid::kGlobalCellName}, GridProperties(H3(3, 100)));
  const TableGrid found = FindGrid(*table).ValueOrDie();
  EXPECT_EQ(found.config, H3(3, 100));
  EXPECT_EQ(ChooseGrid(std::nullopt, found).ValueOrDie(), H3(3, 100));
}

TEST_F(TableGridTest, ALimitThatIsNoNumberIsAnError) {
  for (const char* text : {"many", "-1", "1e3", "100001", "200000", "1000000"}) {
    auto properties = GridProperties(H3(1));
    properties[kGridMaxCellsProperty] = text;
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    EXPECT_EQ(KindOf(FindGrid(*MakeTable({}, properties)).status()), ErrorKind::kCorrupt) << text;
  }
}

TEST_F(TableGridTest, AResolutionThatIsNoneIsAnError) {
  const auto table = MakeTable({}, {{kGridTypeProperty, "h3"}, {kGridResolutionProperty, "two"}});
  EXPECT_EQ(KindOf(FindGrid(*table).status()), ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace earthcatalog::catalog
