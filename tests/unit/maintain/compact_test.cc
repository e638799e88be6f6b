// Compaction of tables of a few items, against what is told of each row.
#include "earthcatalog/maintain/compact.h"

#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "earthcatalog/catalog/unique_mark.h"
#include "earthcatalog/maintain/compaction.h"
#include "earthcatalog/maintain/register.h"
#include "earthcatalog/rows/data_files_reader.h"
#include "earthcatalog/rows/items.h"
#include "unit/geoparquet/example_rows.h"
#include "unit/support/item_table.h"

namespace earthcatalog::maintain {
namespace {

using item::json;
using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

const std::string kA = "81283ffffffffff", kB = "81447ffffffffff", kC = "81477ffffffffff";

// An item, which says which version of it this is.
json Version(const std::string& id, int version, const std::optional<std::string>& updated = {}) {
  json properties = {{"version", std::to_string(version)}};
  if (updated) properties["updated"] = *updated;
  json item = item::ItemWith(std::move(properties));
  item["id"] = id;
  return item;
}

// Cell, id and version of each row.
using Rows = std::multiset<std::tuple<std::string, std::string, std::string>>;

class CompactTest : public testing::Test {
 protected:
  // A commit of such files, named as a run names them.
  void Commit(const std::vector<test::ItemFile>& files) {
    std::vector<test::ItemFile> named = files;
    for (size_t i = 0; i < named.size(); ++i) {
      named[i].name = fmt::format("grid_partition={}/year=unknown/part_000000_{:08}", named[i].cell, next_++);
    }
    table_.Commit(named);
  }

  CompactReport Compacted() { return Compacted(Options()); }
  CompactOptions Options() const {
    CompactOptions options;
    options.paths = table_.paths();
    return options;
  }
  CompactReport Compacted(const CompactOptions& options) {
    CompactReport report;
    const Status status = Compact(options, {}, never_, &report);
    EXPECT_TRUE(status.ok()) << status;
    return report;
  }

  Rows RowsOf(const catalog::Catalog& catalog) const {
    std::vector<rows::StoredFile> files;
    const auto list = [&](const iceberg::DataFile& file) {
      files.push_back({file.path, file.file_size});
      return Status::OK();
    };
    EXPECT_TRUE(catalog.table().ScanFiles(std::nullopt, {}, list).ok());
    std::vector<rows::DataFilesReader::File> to_read;
    for (rows::StoredFile& file : files) to_read.push_back({&file, nullptr});
    rows::DataFilesReader reader(catalog.warehouse(), to_read, {}, 0);
    Rows found;
    while (const auto next = reader.Next(never_).ValueOrDie()) {
      const arrow::RecordBatch& rows = *next->rows.rows;
      const auto& cells = static_cast<const arrow::StringArray&>(*rows.GetColumnByName("grid_partition"));
      for (int64_t i = 0; i < rows.num_rows(); ++i) {
        const json item = item::Decode(rows, i);
        found.emplace(cells.GetString(i), item["id"], item["properties"]["version"]);
      }
    }
    return found;
  }
  Rows RowsNow() const { return RowsOf(*table_.Reopened()); }

  std::vector<std::string> FilesNow() const {
    std::vector<std::string> files;
    const auto catalog = table_.Reopened();
    const auto list = [&](const iceberg::DataFile& file) {
      files.push_back(table_.NameOf(file.path));
      return Status::OK();
    };
    EXPECT_TRUE(catalog->table().ScanFiles(std::nullopt, {}, list).ok());
    return files;
  }

  // The version of each item that export gives.
  std::map<std::string, std::string> ItemsNow() const {
    const auto catalog = table_.Reopened();
    const auto reader = rows::ItemReader::Open(*catalog, {}, never_).ValueOrDie();
    std::map<std::string, std::string> items;
    while (const auto next = reader->Next(never_).ValueOrDie()) {
      for (const int64_t row : next->items) {
        const json item = item::Decode(*next->rows, row);
        items[item["id"]] = item["properties"]["version"];
      }
    }
    return items;
  }

  bool IsUniqueNow() const { return catalog::IsUnique(table_.Reopened()->table()); }

  const CancelSource never_{};
  test::ItemTable table_;
  int next_ = 0;
};

TEST_F(CompactTest, SmallFilesBecomeOneAndOlderSnapshotsStay) {
  Commit({{"", {Version("x", 1), Version("y", 1)}, kA}});
  Commit({{"", {Version("z", 1)}, kA}, {"", {Version("z", 1)}, kB}});
  Commit({{"", {Version("w", 1)}, kA}});
  const Rows before = RowsNow();
  const auto snapshots = table_.Reopened()->table().snapshots();
  const CompactReport report = Compacted();
  EXPECT_EQ(RowsNow(), before);
  EXPECT_EQ(FilesNow().size(), 2u);
  EXPECT_TRUE(report.unique);
  EXPECT_TRUE(IsUniqueNow());
  EXPECT_EQ(report.buckets_scanned, 2);
  EXPECT_EQ(report.buckets_compacted, 1);
  EXPECT_EQ(report.files_before, 4);
  EXPECT_EQ(report.files_after, 2);
  EXPECT_EQ(report.files_rewritten, 3);
  EXPECT_EQ(report.files_written, 1);
  EXPECT_EQ(report.rows_before, 5);
  EXPECT_EQ(report.rows_after, 5);
  EXPECT_EQ(report.rows_superseded, 0);
  EXPECT_EQ(report.commits, 1);
  const auto catalog = table_.Reopened();
  ASSERT_EQ(catalog->table().snapshots().size(), snapshots.size() + 1);
  EXPECT_EQ(catalog->table().current_snapshot()->summary.at("operation"), "replace");
  for (const iceberg::Snapshot& snapshot : snapshots) {
    int64_t files = 0;
    const auto exists = [&](const iceberg::DataFile& file) {
      EXPECT_TRUE(std::filesystem::exists(table_.PathOf(table_.NameOf(file.path))));
      ++files;
      return Status::OK();
    };
    EXPECT_TRUE(catalog->table().ScanFiles(snapshot.id, {}, exists).ok());
    EXPECT_GT(files, 0);
  }
  // Nothing is left to do, and the table is told nothing again.
  const CompactReport again = Compacted();
  EXPECT_EQ(again.commits, 0);
  EXPECT_TRUE(again.unique);
}

TEST_F(CompactTest, EachItemHasItsNewestVersionInThatOnesCellsOnly) {
  // Neither says when it was updated: what came last counts. It has left cell A.
  Commit({{"", {Version("x", 1)}, kA}, {"", {Version("x", 1)}, kB}});
  Commit({{"", {Version("x", 2)}, kB}, {"", {Version("x", 2)}, kC}});
  // And here what the items say, wherever the newer one lies and however late the older one came.
  Commit({{"", {Version("y", 2, "2024-05-02T00:00:00Z")}, kC}});
  Commit({{"", {Version("y", 1, "2024-05-01T00:00:00Z")}, kA}});
  const CompactReport report = Compacted();
  EXPECT_EQ(RowsNow(), (Rows{{kB, "x", "2"}, {kC, "x", "2"}, {kC, "y", "2"}}));
  EXPECT_EQ(report.rows_superseded, 3);
  EXPECT_EQ(report.rows_after, 3);
  EXPECT_TRUE(report.unique);
  EXPECT_TRUE(IsUniqueNow());
}

TEST_F(CompactTest, DangerACompactedOldVersionOutranksANewerOneElsewhere) {
  Commit({{"", {Version("x", 1)}, kA}, {"", {Version("x", 1)}, kB}});
  Commit({{"", {Version("y", 1)}, kA}});
  Compacted();
  Commit({{"", {Version("x", 2)}, kB}});
  Commit({{"", {Version("z", 1)}, kA}});
  EXPECT_FALSE(IsUniqueNow());
  EXPECT_THAT(ItemsNow(), ElementsAre(Pair("x", "2"), Pair("y", "1"), Pair("z", "1")));
  Compacted();
  EXPECT_EQ(RowsNow(), (Rows{{kA, "y", "1"}, {kA, "z", "1"}, {kB, "x", "2"}}));
}

TEST_F(CompactTest, ABatchIsACommitAndTheLastOneDropsWhatIsOld) {
  Commit({{"", {Version("x", 1)}, kA}, {"", {Version("a", 1)}, kB}, {"", {Version("b", 1)}, kC}});
  Commit({{"", {Version("c", 1)}, kA}, {"", {Version("d", 1)}, kB}, {"", {Version("x", 2)}, kC}});
  CompactOptions options = Options();
  options.buckets_per_commit = 1;
  const CompactReport report = Compacted(options);
  EXPECT_EQ(report.commits, 3);
  EXPECT_EQ(report.buckets_compacted, 3);
  EXPECT_EQ(report.files_after, 3);
  EXPECT_EQ(report.rows_superseded, 1);
  EXPECT_TRUE(report.unique);
  EXPECT_EQ(FilesNow().size(), 3u);
  EXPECT_EQ(RowsNow(),
            (Rows{{kA, "c", "1"}, {kB, "a", "1"}, {kB, "d", "1"}, {kC, "b", "1"}, {kC, "x", "2"}}));
}

TEST_F(CompactTest, DangerCellsWithKeptNamesAreNoFolders) {
  Commit({{"", {Version("x", 1), Version("y", 1)}, "__none__"}, {"", {Version("w", 1)}, "__global__"}});
  Commit({{"", {Version("x", 2)}, kA}, {"", {Version("w", 2)}, "__global__"}});
  const CompactReport report = Compacted();
  EXPECT_EQ(report.buckets_compacted, 1) << "__global__ has two files";
  EXPECT_EQ(report.rows_superseded, 2);
  EXPECT_EQ(RowsNow(), (Rows{{kA, "x", "2"}, {"__none__", "y", "1"}, {"__global__", "w", "2"}}));
  EXPECT_TRUE(IsUniqueNow());
}

TEST_F(CompactTest, ADryRunChangesNothingAndSaysTheSame) {
  Commit({{"", {Version("x", 1)}, kA}, {"", {Version("x", 1)}, kB}});
  Commit({{"", {Version("x", 2)}, kB}, {"", {Version("z", 1)}, kA}});
  const auto before = table_.Reopened()->table().metadata_location();
  CompactOptions options = Options();
  options.dry_run = true;
  const CompactReport planned = Compacted(options);
  EXPECT_EQ(table_.Reopened()->table().metadata_location(), before);
  const CompactReport done = Compacted();
  EXPECT_EQ(planned.buckets_compacted, done.buckets_compacted);
  EXPECT_EQ(planned.rows_superseded, done.rows_superseded);
  EXPECT_EQ(planned.rows_after, done.rows_after);
  EXPECT_EQ(planned.files_after, done.files_after);
  EXPECT_EQ(planned.files_rewritten, done.files_rewritten);
}

TEST_F(CompactTest, BoxesThatNobodyVouchesForAreMended) {
  json item = Version("x", 1);
  item["geometry"] = {{"type", "LineString"}, {"coordinates", {{170, 10}, {-170, 20}}}};
  item["bbox"] = {170, 10, -170, 20};
  Commit({{"", {item, Version("y", 1)}, kA, true, /*boxes_hold=*/false}});
  EXPECT_EQ(Compacted().files_rewritten, 1);
  const auto files = ListFiles(table_.Reopened()->table()).ValueOrDie();
  ASSERT_EQ(files.size(), 1u);
  EXPECT_TRUE(files[0].boxes_hold);
  EXPECT_EQ(RowsNow().size(), 2u);
}

// Files as other programs write them: without `_overflow`, with the stated box in `bbox`, or none.
class ForeignBoxes : public CompactTest {
 protected:
  static std::shared_ptr<arrow::DataType> Sides(const std::shared_ptr<arrow::DataType>& side) {
    arrow::FieldVector sides;
    for (const char* name : {"xmin", "ymin", "xmax", "ymax"}) sides.push_back(arrow::field(name, side));
    return arrow::struct_(sides);
  }

  // A file of the one item in a cell of its own. `boxes`: the column's values; null for no column.
  void Write(const json& item, const std::shared_ptr<arrow::DataType>& type, const char* boxes) {
    auto rows = item::Encode({item.dump()}).rows;
    for (const char* name : {"bbox", "_overflow"}) {
      rows = rows->RemoveColumn(rows->schema()->GetFieldIndex(name)).ValueOrDie();
    }
    if (boxes != nullptr) {
      rows = rows->AddColumn(0, arrow::field("bbox", type), geoparquet::FromJson(type, boxes)).ValueOrDie();
    }
    const auto table = arrow::Table::FromRecordBatches({rows}).ValueOrDie();
    const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink).ok());
    const auto bytes = sink->Finish().ValueOrDie();
    const std::string cell = next_ == 0 ? kA : kB;
    const std::string name = fmt::format("grid_partition={}/year=unknown/{}", cell, ++next_);
    const auto location = io::Resolve(table_.PathOf(name)).ValueOrDie();
    ASSERT_TRUE(io::WriteFileAtomically(location, std::string_view(*bytes)).ok());
  }

  // Registers and compacts. Of each item its box in the table, and the one that it states.
  std::map<std::string, std::pair<json, json>> Mended() {
    RegisterReport report;
    const Status status = Register({.paths = table_.paths()}, never_, &report);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(report.added.size(), static_cast<size_t>(next_)) << RegisterReportToJson(report);
    EXPECT_EQ(Compacted().files_rewritten, next_);
    const auto catalog = table_.Reopened();
    const auto files = ListFiles(catalog->table()).ValueOrDie();
    EXPECT_EQ(files.size(), static_cast<size_t>(next_));
    for (const TableFile& file : files) EXPECT_TRUE(file.boxes_hold) << file.file.path;
    EXPECT_EQ(Compacted().files_rewritten, 0);
    std::map<std::string, std::pair<json, json>> found;
    const auto reader = rows::ItemReader::Open(*catalog, {}, never_).ValueOrDie();
    while (const auto next = reader->Next(never_).ValueOrDie()) {
      const auto boxes = next->rows->GetColumnByName("bbox");
      for (const int64_t row : next->items) {
        const json item = item::Decode(*next->rows, row);
        json box = nullptr;
        if (boxes->IsValid(row)) {
          box = json::array();
          for (const char* side : {"xmin", "ymin", "xmax", "ymax"}) {
            const auto numbers = static_cast<const arrow::StructArray&>(*boxes).GetFieldByName(side);
            box.push_back(static_cast<const arrow::DoubleArray&>(*numbers).Value(row));
          }
        }
        found[item["id"]] = {box, item.value("bbox", json("none"))};
      }
    }
    return found;
  }

  static json Line(const std::string& id, const json& coordinates) {
    json item = Version(id, 1);
    item["geometry"] = {{"type", "LineString"}, {"coordinates", coordinates}};
    return item;
  }
};

TEST_F(ForeignBoxes, DangerAFileWithoutAnOverflowKeepsABoxThatMissesItsGeometry) {
  const auto sides = Sides(arrow::float64());
  Write(Line("rounded", {{1.25, 2.25}, {3, 4}}), sides, "[[1.3, 2.3, 3, 4]]");
  Write(Line("crossing", {{170, 10}, {-170, 20}}), sides, "[[170, 10, -170, 20]]");
  const auto found = Mended();
  EXPECT_EQ(found.at("rounded"), std::pair(json({1.25, 2.25, 3, 4}), json({1.3, 2.3, 3, 4})));
  EXPECT_EQ(found.at("crossing"), std::pair(json({-180, 10, 180, 20}), json({170, 10, -170, 20})));
}

TEST_F(ForeignBoxes, DangerAFileWithoutBoxesOrWithNarrowerOnesIsRewrittenForEver) {
  Write(Line("none", {{1.25, 2.25}, {3, 4}}), nullptr, nullptr);
  Write(Line("float", {{1.25, 2.25}, {3, 4}}), Sides(arrow::float32()), "[[1.5, 2.25, 3, 4]]");
  const auto found = Mended();
  EXPECT_EQ(found.at("none"), std::pair(json({1.25, 2.25, 3, 4}), json("none")));
  EXPECT_EQ(found.at("float"), std::pair(json({1.25, 2.25, 3, 4}), json({1.5, 2.25, 3, 4})));
}

// As GeoPandas' covering has them.
TEST_F(ForeignBoxes, DangerTheBoxOfAnEmptyGeometryIsStatedAsNan) {
  json empty = Version("empty", 1);
  empty["geometry"] = {{"type", "Polygon"}, {"coordinates", json::array()}};
  Write(empty, Sides(arrow::float64()), "[[NaN, NaN, NaN, NaN]]");
  EXPECT_EQ(Mended().at("empty"), std::pair(json(), json("none")));
}

// Somebody else's commits between the plan and the commit, which ask nobody.
class CompactionBesideOthers : public CompactTest {
 protected:
  Status Run(const std::function<void()>& meanwhile) { return Run(Options(), meanwhile); }
  Status Run(const CompactOptions& options, const std::function<void()>& meanwhile) {
    const auto catalog = catalog::Catalog::Open(options.paths).ValueOrDie();
    const ProgressCallback nobody;
    bool done = false;
    const auto guard = [&] {
      if (!std::exchange(done, true)) meanwhile();
      return Status::OK();
    };
    return Compaction(options, catalog.get(), guard, nobody, never_, &report_).Run();
  }

  CompactReport report_;
};

TEST_F(CompactionBesideOthers, AppendsAreNoConflictAndEndTheMark) {
  Commit({{"", {Version("x", 1)}, kA}});
  Commit({{"", {Version("y", 1)}, kA}});
  const Status status = Run([&] { Commit({{"", {Version("x", 2)}, kA}}); });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(RowsNow(), (Rows{{kA, "x", "1"}, {kA, "y", "1"}, {kA, "x", "2"}}));
  EXPECT_THAT(ItemsNow(), ElementsAre(Pair("x", "2"), Pair("y", "1")));
  EXPECT_FALSE(report_.unique);
  EXPECT_FALSE(IsUniqueNow());
  EXPECT_TRUE(Compacted().unique);
  EXPECT_EQ(RowsNow(), (Rows{{kA, "x", "2"}, {kA, "y", "1"}}));
}

TEST_F(CompactionBesideOthers, DangerAnAppendIsMarkedAsUniqueWithWhatWasChecked) {
  Commit({{"", {Version("x", 1)}, kA}});
  const Status status = Run([&] { Commit({{"", {Version("x", 2)}, kA}}); });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_FALSE(report_.unique);
  EXPECT_FALSE(IsUniqueNow());
}

TEST_F(CompactionBesideOthers, DangerTheLastOfSeveralCommitsForgetsWhatCameBeforeTheFirst) {
  Commit({{"", {Version("x", 1)}, kA}, {"", {Version("y", 1)}, kB}});
  Commit({{"", {Version("v", 1)}, kA}, {"", {Version("w", 1)}, kB}});
  CompactOptions options = Options();
  options.buckets_per_commit = 1;
  const Status status = Run(options, [&] { Commit({{"", {Version("x", 2)}, kA}}); });
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(report_.commits, 2);
  EXPECT_FALSE(report_.unique);
  EXPECT_FALSE(IsUniqueNow());
}

TEST_F(CompactionBesideOthers, WhoRemovesAFileMakesItAConflictThatLeavesNothing) {
  Commit({{"", {Version("x", 1)}, kA}});
  Commit({{"", {Version("y", 1)}, kA}});
  const auto files = [&] {
    size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(table_.paths().warehouse)) {
      count += entry.path().extension() == ".parquet" ? 1 : 0;
    }
    return count;
  };
  const size_t before = files();
  const Status status = Run([&] {
    const auto other = table_.Reopened();
    const auto all = ListFiles(other->table()).ValueOrDie();
    ASSERT_TRUE(other->table().Delete({}, {.files = {all.front().file}}).ok());
  });
  EXPECT_EQ(KindOf(status), ErrorKind::kCommitConflict) << status;
  EXPECT_EQ(files(), before);
  EXPECT_EQ(RowsNow().size(), 1u);
}

// Some commits of some versions in some cells, with and without `updated`: what compaction leaves is told by
// the newest version that export gives, and by the cells of that one.
class RandomHistories : public CompactTest, public testing::WithParamInterface<uint32_t> {};

TEST_P(RandomHistories, CompactedAllOrInTurnsWithCommitsHaveOneVersionOfEachItem) {
  std::mt19937 random(GetParam());
  const auto below = [&](uint32_t limit) { return random() % limit; };
  std::map<std::string, std::pair<std::pair<int, int>, std::set<std::string>>> newest;  // of the id
  int number = 0;
  for (int round = 0; round < 3; ++round) {
    const uint32_t commits = 1 + below(4);
    for (uint32_t commit = 0; commit < commits; ++commit) {
      std::map<std::string, std::vector<json>> cells;
      const uint32_t items = 1 + below(6);
      std::set<std::string> ids;
      for (uint32_t i = 0; i < items; ++i) {
        const std::string id = "item-" + std::to_string(below(8));
        if (!ids.insert(id).second) continue;
        const int version = ++number, day = static_cast<int>(below(4));
        const json item = Version(
            id, version, day == 0 ? std::nullopt : std::optional(fmt::format("2024-05-0{}T00:00:00Z", day)));
        std::set<std::string> touched;
        for (const std::string& cell : {kA, kB, kC}) {
          if (below(2) == 0) touched.insert(cell);
        }
        if (touched.empty()) touched.insert(kA);
        for (const std::string& cell : touched) cells[cell].push_back(item);
        auto& known = newest[id];
        if (known.second.empty() || std::pair(day, version) > known.first) known = {{day, version}, touched};
      }
      std::vector<test::ItemFile> files;
      for (const auto& [cell, rows] : cells) files.push_back({"", rows, cell});
      Commit(files);
    }
    CompactOptions options = Options();
    options.threshold = static_cast<int>(1 + below(3));
    options.buckets_per_commit = static_cast<int>(below(3));
    const CompactReport report = Compacted(options);
    EXPECT_TRUE(report.unique);
    Rows expected;
    for (const auto& [id, version] : newest) {
      for (const std::string& cell : version.second) {
        expected.emplace(cell, id, std::to_string(version.first.second));
      }
    }
    EXPECT_EQ(RowsNow(), expected);
    EXPECT_EQ(report.rows_after, static_cast<int64_t>(expected.size()));
    EXPECT_EQ(report.files_after, static_cast<int64_t>(FilesNow().size()));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomHistories, testing::Range(0U, 30U));

}  // namespace
}  // namespace earthcatalog::maintain
