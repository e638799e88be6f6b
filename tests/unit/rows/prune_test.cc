#include "earthcatalog/rows/prune.h"

#include <arrow/builder.h>
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "earthcatalog/base/wkb.h"
#include "earthcatalog/grid/h3_partitioner.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::rows {
namespace {

using testing::Contains;

constexpr int kPoints = 400;

struct Point {
  Position position;
  int year;  // 0: unknown
  std::string file;
};

std::string WkbOf(const Position& position) {
  std::string wkb;
  WkbWriter writer(&wkb);
  writer.Header(GeometryType::kPoint, /*has_z=*/false);
  writer.Double(position.lon);
  writer.Double(position.lat);
  return wkb;
}

std::string CellOf(const grid::Partitioner& partitioner, const Position& position) {
  arrow::BinaryBuilder builder;
  EXPECT_TRUE(builder.Append(WkbOf(position)).ok());
  const auto geometry = builder.Finish().ValueOrDie();
  const auto cells =
      partitioner.Assign(static_cast<const arrow::BinaryArray&>(*geometry), nullptr).ValueOrDie();
  return partitioner.Name(cells.cells.at(0));
}

// A table whose files, never read here, hold points all over the globe.
class PruneTest : public testing::Test {
 protected:
  void SetUp() override {
    catalog_ =
        catalog::Catalog::OpenOrCreate(catalog::Paths::FromBase(folder_.path()).ValueOrDie(), std::nullopt)
            .ValueOrDie();
    const auto partitioner = catalog_->Partitioner().ValueOrDie();
    iceberg::Table::CommitRequest request;
    request.sync = false;
    std::set<std::string> files;
    for (int i = 0; i < kPoints; ++i) {
      Point point{{lon_(random_), lat_(random_)}, i % 10 == 0 ? 0 : 2000 + i % 5, ""};
      iceberg::DataFile file;
      file.partition.grid_partition = CellOf(*partitioner, point.position);
      if (point.year != 0) file.partition.year = point.year - iceberg::Partition::kEpochYear;
      point.file = file.path = fmt::format("{}/{}", *file.partition.grid_partition, point.year);
      points_.push_back(point);
      if (files.insert(file.path).second) request.files.push_back(file);
    }
    ASSERT_TRUE(catalog_->table().Append(request).ok());
    file_count_ = static_cast<int64_t>(files.size());
  }
  std::vector<std::string> Prune(const Box& box, int first_year, int last_year,
                                 iceberg::ScanCounts* counts = nullptr) {
    const auto search = SearchOf(*catalog_, box, first_year, last_year).ValueOrDie();
    return PruneFiles(*catalog_, search, counts).ValueOrDie();
  }

  test::TempFolder folder_;
  std::unique_ptr<catalog::Catalog> catalog_;
  std::vector<Point> points_;
  int64_t file_count_ = 0;
  std::minstd_rand random_{1};
  std::uniform_real_distribution<double> lon_{-180, 180}, lat_{-90, 90};
};

TEST_F(PruneTest, NoFileThatHoldsAnAnswerIsPassedBy) {
  int answers = 0;
  for (int round = 0; round < 60; ++round) {
    const auto [west, east] = std::minmax({lon_(random_), lon_(random_)});
    const auto [south, north] = std::minmax({lat_(random_), lat_(random_)});
    const int first_year = 2000 + round % 4;
    const int last_year = first_year + round % 2;
    iceberg::ScanCounts counts;
    const auto pruned = Prune({west, south, east, north}, first_year, last_year, &counts);
    EXPECT_EQ(counts.total_files, file_count_);
    const std::set<std::string> files(pruned.begin(), pruned.end());
    EXPECT_EQ(files.size(), pruned.size()) << "a file twice";
    for (const Point& point : points_) {
      const auto& [lon, lat] = point.position;
      const bool in_box = lon >= west && lon <= east && lat >= south && lat <= north;
      const bool in_years = point.year == 0 || (point.year >= first_year && point.year <= last_year);
      if (in_box && in_years) {
        ++answers;
        EXPECT_THAT(files, Contains(point.file));
      }
      if (!in_years) {
        EXPECT_FALSE(files.contains(point.file)) << point.file;
      }
    }
  }
  EXPECT_GT(answers, 100);
}

TEST_F(PruneTest, OfASmallBoxOnlyTheCellIsLeft) {
  const Point& point = points_.front();
  const auto [lon, lat] = point.position;
  const auto pruned = Prune({lon, lat, lon + 1e-6, lat + 1e-6}, 0, 3000);
  std::set<std::string> expected;
  for (const Point& other : points_) {
    if (other.file.substr(0, other.file.find('/')) == point.file.substr(0, point.file.find('/'))) {
      expected.insert(other.file);
    }
  }
  EXPECT_THAT(pruned, testing::UnorderedElementsAreArray(expected));
}

// Wide items lie in coarser cells: the parents of those that they touch, and the one of the whole Earth.
TEST_F(PruneTest, FilesOfWideItemsAreFoundByWhatDescendsFromTheirCells) {
  const auto partitioner = catalog_->Partitioner().ValueOrDie();
  iceberg::Table::CommitRequest request;
  request.sync = false;
  std::set<std::string> coarser = {grid::kGlobalCellName};
  for (const Point& point : points_) {
    const auto names = partitioner->NamesToLookInto(WkbOf(point.position)).ValueOrDie();
    for (const std::string& name : *names) {
      if (grid::H3ResolutionOf(name) == 0) coarser.insert(name);
    }
  }
  EXPECT_GT(coarser.size(), 80);
  for (const std::string& cell : coarser) {
    request.files.emplace_back().path = cell;
    request.files.back().partition.grid_partition = cell;
  }
  ASSERT_TRUE(catalog_->table().Append(request).ok());
  for (const Point& point : points_) {
    const auto [lon, lat] = point.position;
    const std::vector<std::string> pruned = Prune({lon, lat, lon + 1e-6, lat + 1e-6}, 0, 3000);
    std::set<std::string> found;
    for (const std::string& file : pruned) {
      if (coarser.contains(file)) found.insert(file);
    }
    const auto names = partitioner->NamesToLookInto(WkbOf(point.position)).ValueOrDie();
    EXPECT_THAT(found, testing::SizeIs(2));
    EXPECT_THAT(*names, testing::IsSupersetOf(found));
  }
}

TEST_F(PruneTest, OfNoYearOnlyFilesOfUnknownYearAreLeft) {
  std::set<std::string> expected;
  for (const Point& point : points_) {
    if (point.year == 0) expected.insert(point.file);
  }
  ASSERT_FALSE(expected.empty());
  iceberg::ScanCounts counts;
  EXPECT_THAT(Prune({-180, -90, 180, 90}, 1900, 1950, &counts), testing::UnorderedElementsAreArray(expected));
  EXPECT_EQ(counts.total_files, file_count_);
}

}  // namespace
}  // namespace earthcatalog::rows
