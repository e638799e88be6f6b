#include "earthcatalog/cli/sample_search.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "earthcatalog/jobs/incremental.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr rows::Box kEverything = {-180, -90, 180, 90};

// A catalogue of a few square items.
class SampleSearchTest : public testing::Test {
 protected:
  void Add(const std::string& collection, const std::string& id, const std::string& datetime, double west,
           double south, double east, double north) {
    const std::string ring =
        fmt::format("[[[{0},{1}],[{2},{1}],[{2},{3}],[{0},{3}],[{0},{1}]]]", west, south, east, north);
    AddGeometry(collection, id, datetime, fmt::format("[{},{},{},{}]", west, south, east, north),
                R"({"type":"Polygon","coordinates":)" + ring + "}");
  }
  void AddGeometry(const std::string& collection, const std::string& id, const std::string& datetime,
                   const std::string& bbox, const std::string& geometry) {
    const std::string key = fmt::format("{}.stac.json", count_++);
    folder_.Write("b-" + key, fmt::format(R"({{"type":"Feature","stac_version":"1.0.0","id":"{}",)"
                                          R"("collection":"{}","bbox":{},"geometry":{},)"
                                          R"("properties":{{"datetime":{},"platform":"p"}},)"
                                          R"("links":[],"assets":{{}}}})",
                                          id, collection, bbox, geometry, datetime));
    std::filesystem::create_directories(folder_ / "items/b");
    std::filesystem::rename(folder_ / ("b-" + key), folder_ / ("items/b/" + key));
    inventory_ += "b," + key + "\n";
  }

  std::vector<std::string> Find(const rows::Box& box, int first_year = 1900, int last_year = 2100) {
    jobs::IncrementalOptions options;
    options.inventory = folder_.Write("inventory.csv", inventory_);
    options.source = folder_ / "items";
    options.catalog_db = folder_ / "earthcatalog.db";
    options.warehouse = folder_ / "warehouse";
    options.sync = false;
    if (!inventory_.empty()) {
      CancelSource cancel;
      jobs::IncrementalReport report;
      EXPECT_TRUE(jobs::RunIncremental(options, nullptr, &cancel, &report).ok());
      EXPECT_EQ(report.items_quarantined, 0u) << report.first_failures.front().message;
      inventory_.clear();
    }
    const auto catalog = catalog::Catalog::Open({options.catalog_db, options.warehouse}).ValueOrDie();
    const SampleSearch found = SearchSample(*catalog, box, first_year, last_year).ValueOrDie();
    EXPECT_LE(static_cast<int64_t>(found.files_read), found.files_total);
    std::vector<std::string> names;
    for (const FoundItem& item : found.items) names.push_back(item.collection + "/" + item.id);
    return names;
  }

  test::TempFolder folder_;
  std::string inventory_;
  int count_ = 0;
};

TEST_F(SampleSearchTest, ItemsOfTwoCollectionsMayHaveOneId) {
  Add("a", "x", R"("2020-01-01T00:00:00Z")", 0, 0, 1, 1);
  Add("b", "x", R"("2020-01-01T00:00:00Z")", 0, 0, 1, 1);
  EXPECT_THAT(Find(kEverything), ElementsAre("a/x", "b/x"));
}

TEST_F(SampleSearchTest, AnItemOfManyCellsOrIngestedTwiceIsFoundOnce) {
  Add("a", "large", R"("2020-01-01T00:00:00Z")", -60, -40, 60, 40);
  EXPECT_THAT(Find(kEverything), ElementsAre("a/large"));
  Add("a", "large", R"("2021-01-01T00:00:00Z")", -60, -40, 60, 40);
  EXPECT_THAT(Find(kEverything), ElementsAre("a/large"));
}

TEST_F(SampleSearchTest, TheBoxAndTheYearsDecide) {
  Add("a", "south", R"("2020-06-01T00:00:00Z")", 10, -20, 12, -18);
  Add("a", "north", R"("2021-06-01T00:00:00Z")", 10, 18, 12, 20);
  Add("a", "timeless", "null", 10, 18, 12, 20);
  EXPECT_THAT(Find({9, -21, 13, 21}), ElementsAre("a/south", "a/north"));
  EXPECT_THAT(Find({9, 0, 13, 21}), ElementsAre("a/north"));
  EXPECT_THAT(Find({12, 20, 13, 21}), ElementsAre("a/north"));  // they share a corner
  EXPECT_THAT(Find({12.01, 18, 13, 20}), IsEmpty());
  EXPECT_THAT(Find({9, -21, 13, 21}, 2020, 2020), ElementsAre("a/south"));
  EXPECT_THAT(Find({9, -21, 13, 21}, 2022, 2030), IsEmpty());
}

TEST_F(SampleSearchTest, AnItemAcrossTheAntimeridianIsOnBothSides) {
  AddGeometry("a", "fiji", R"("2020-06-01T00:00:00Z")", "[178,-20,-178,-16]",
              R"({"type":"MultiPolygon","coordinates":[)"
              R"([[[178,-20],[180,-20],[180,-16],[178,-16],[178,-20]]],)"
              R"([[[-180,-20],[-178,-20],[-178,-16],[-180,-16],[-180,-20]]]]})");
  EXPECT_THAT(Find({179, -19, 180, -17}), ElementsAre("a/fiji"));
  EXPECT_THAT(Find({-180, -19, -179, -17}), ElementsAre("a/fiji"));
  EXPECT_THAT(Find({-170, -19, 170, -17}), IsEmpty());
}

}  // namespace
}  // namespace earthcatalog::cli
