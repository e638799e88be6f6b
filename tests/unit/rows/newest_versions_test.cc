// Of all the rows that an item has, the one that is the item.
#include "earthcatalog/rows/newest_versions.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include "earthcatalog/rows/items.h"
#include "unit/support/item_table.h"

namespace earthcatalog::rows {
namespace {

using item::json;
using test::ItemFile;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

using Rows = std::vector<uint32_t>;
using Time = std::optional<std::string>;

std::string Day(int day) { return fmt::format("2024-01-{:02}T00:00:00Z", day); }

// A version of an item of the collection "c".
json Version(const std::string& id, const Time& updated = {}, const Time& created = {}) {
  json properties = json::object();
  if (updated) properties["updated"] = *updated;
  if (created) properties["created"] = *created;
  json item = item::ItemWith(std::move(properties));
  item["id"] = id;
  return item;
}

json InCollection(json item, const std::optional<std::string>& collection) {
  item.erase("collection");
  if (collection) item["collection"] = *collection;
  return item;
}

class NewestVersionsTest : public testing::Test {
 protected:
  NewestVersions Find(const std::vector<std::string>& ids = {}) const {
    return NewestVersions::Find(table_->catalog(), ids, never_).ValueOrDie();
  }
  std::vector<std::pair<std::string, Rows>> Chosen(const std::vector<std::string>& ids = {}) const {
    NewestVersions newest = Find(ids);
    std::vector<std::pair<std::string, Rows>> chosen;
    size_t rows = 0;
    for (const NewestVersions::FileRows& file : newest.files()) {
      chosen.emplace_back(table_->NameOf(file.file.uri), file.rows);
      rows += file.rows.size();
    }
    EXPECT_EQ(rows, newest.item_count());
    return chosen;
  }
  std::vector<json> Read(ItemReader* reader) const {
    std::vector<json> items;
    while (const auto next = reader->Next(never_).ValueOrDie()) {
      EXPECT_FALSE(next->items.empty());
      for (const int64_t row : next->items) items.push_back(item::Decode(*next->rows, row));
    }
    EXPECT_EQ(items.size(), reader->item_count());
    return items;
  }

  const CancelSource never_{};
  std::unique_ptr<test::ItemTable> table_ = std::make_unique<test::ItemTable>();
};

// In each of the next ones everything that counts less speaks for another row.
TEST_F(NewestVersionsTest, TheLatestUpdatedWins) {
  table_->Commit({{"part_000001_aaaaaaaa", {Version("x", Day(2), Day(1)), Version("x", Day(1), Day(8))}}});
  table_->Commit({{"part_000009_bbbbbbbb", {Version("x", Day(1), Day(9))}}});
  EXPECT_THAT(Chosen(), UnorderedElementsAre(Pair("part_000001_aaaaaaaa", Rows{0}),
                                             Pair("part_000009_bbbbbbbb", Rows{})));
}

TEST_F(NewestVersionsTest, ThenTheLatestCreated) {
  table_->Commit({{"part_000001_aaaaaaaa", {Version("x", Day(1), Day(2)), Version("x", Day(1), Day(1))}}});
  table_->Commit({{"part_000009_bbbbbbbb", {Version("x", Day(1), Day(1)), Version("x", Day(1))}}});
  EXPECT_THAT(Chosen(), UnorderedElementsAre(Pair("part_000001_aaaaaaaa", Rows{0}),
                                             Pair("part_000009_bbbbbbbb", Rows{})));
}

TEST_F(NewestVersionsTest, ThenTheLatestCommit) {
  table_->Commit({{"z/part_000009_ffffffff", {Version("x", Day(1)), Version("x", Day(1))}}});
  table_->Commit({{"a/part_000001_aaaaaaaa", {Version("x", Day(1))}}});
  EXPECT_THAT(Chosen(), UnorderedElementsAre(Pair("z/part_000009_ffffffff", Rows{}),
                                             Pair("a/part_000001_aaaaaaaa", Rows{0})));
}

// As a number: what has seven digits is not before what has six.
TEST_F(NewestVersionsTest, ThenTheLargestPartNumber) {
  table_->Commit({{"a/part_1000000_aaaaaaaa", {Version("x")}},
                  {"b/part_999999_bbbbbbbb", {Version("x"), Version("x")}}});
  EXPECT_THAT(Chosen(),
              ElementsAre(Pair("a/part_1000000_aaaaaaaa", Rows{0}), Pair("b/part_999999_bbbbbbbb", Rows{})));
}

TEST_F(NewestVersionsTest, FilesOfOtherWritersAreBeforeAllParts) {
  table_->Commit({{"a/part_000001_aaaaaaaa", {Version("x")}},
                  {"b/00009-data", {Version("x")}},
                  {"part_000009_cccccccc/data", {Version("x")}}});
  EXPECT_THAT(Chosen(), ElementsAre(Pair("a/part_000001_aaaaaaaa", Rows{0}), Pair("b/00009-data", Rows{}),
                                    Pair("part_000009_cccccccc/data", Rows{})));
}

TEST_F(NewestVersionsTest, ThenTheLargestPathAndThereTheLastRow) {
  const json x = Version("x", Day(1), Day(1));
  table_->Commit({{"b/part_000001_aaaaaaaa", {x, Version("y"), x, Version("z")}},
                  {"a/part_000001_bbbbbbbb", {x, x, x, x, x}}});
  EXPECT_THAT(Chosen(), ElementsAre(Pair("b/part_000001_aaaaaaaa", Rows{1, 2, 3}),
                                    Pair("a/part_000001_bbbbbbbb", Rows{})));
}

TEST_F(NewestVersionsTest, AVersionWithoutATimeIsOlderThanOneOfAnyTime) {
  json with_null = Version("x", {}, Day(9));
  with_null["properties"]["updated"] = nullptr;
  const char* const long_ago = "1890-01-01T00:00:00Z";
  table_->Commit({{"a", {Version("x", long_ago), Version("y", Day(1), long_ago)}}});
  table_->Commit({{"b", {Version("x", {}, Day(9)), with_null, Version("y", Day(1))}}});
  EXPECT_THAT(Chosen(), UnorderedElementsAre(Pair("a", Rows{0, 1}), Pair("b", Rows{})));
}

TEST_F(NewestVersionsTest, OneIdInTwoCollectionsIsTwoItems) {
  table_->Commit({{"a",
                   {Version("x"), InCollection(Version("x"), "d"), InCollection(Version("x"), std::nullopt),
                    InCollection(Version("x"), "")}}});
  EXPECT_THAT(Chosen(), ElementsAre(Pair("a", Rows{0, 1, 2, 3})));
  // Not what the texts are one after the other, either.
  table_->Commit({{"b", {InCollection(Version("bx"), "a"), InCollection(Version("x"), "ab")}}});
  EXPECT_EQ(Find().item_count(), 6u);
  EXPECT_THAT(Chosen({"x"}), UnorderedElementsAre(Pair("a", Rows{0, 1, 2, 3}), Pair("b", Rows{1})));
}

TEST_F(NewestVersionsTest, RowsInSeveralCellsAreOneItem) {
  const std::vector<json> items = {Version("x", Day(1)), Version("y", Day(2)), Version("z")};
  table_->Commit({{"a/part_000001_aaaaaaaa", items, "81283ffffffffff"},
                  {"b/part_000001_aaaaaaaa", items, "81447ffffffffff"},
                  {"c/part_000001_aaaaaaaa", {items[1]}, "81477ffffffffff"}});
  EXPECT_THAT(Chosen(),
              ElementsAre(Pair("a/part_000001_aaaaaaaa", Rows{}), Pair("b/part_000001_aaaaaaaa", Rows{0, 2}),
                          Pair("c/part_000001_aaaaaaaa", Rows{0})));
}

TEST_F(NewestVersionsTest, OnlyTheIdsThatAreAskedFor) {
  const std::string prefix(40, 'p');  // longer than the bounds in a manifest
  table_->Commit({{"a", {Version("b"), Version(prefix + "1"), Version("c"), InCollection(Version("b"), "d")}},
                  {"only z", {Version("z")}},
                  {"no bounds", {Version("b"), Version("e")}, "81283ffffffffff", /*with_bounds=*/false}});
  EXPECT_THAT(Chosen({"b", "b", "missing", prefix + "2"}),
              ElementsAre(Pair("a", Rows{3}), Pair("no bounds", Rows{0})));
  EXPECT_THAT(Find({"b", "b", "missing", prefix + "2"}).missing_ids(),
              UnorderedElementsAre("missing", prefix + "2"));
  EXPECT_THAT(Chosen({prefix + "1"}), ElementsAre(Pair("a", Rows{1}), Pair("no bounds", Rows{})));
  EXPECT_THAT(Find({prefix + "1"}).missing_ids(), IsEmpty());
  EXPECT_THAT(Find().missing_ids(), IsEmpty());
  const NewestVersions none = Find({"", "B"});
  EXPECT_EQ(none.item_count(), 0u);
  EXPECT_THAT(none.missing_ids(), UnorderedElementsAre("", "B"));
}

TEST_F(NewestVersionsTest, FilesComeInTheOrderOfTheManifests) {
  const std::string late = "81477ffffffffff", early = "81283ffffffffff";
  table_->Commit({{"3", {Version("a")}, late}, {"1", {Version("b")}, early}, {"0", {Version("c")}, early}});
  table_->Commit({{"5", {Version("d")}, late}, {"4", {Version("a")}, early}});
  EXPECT_THAT(Chosen(), ElementsAre(Pair("4", Rows{0}), Pair("5", Rows{0}),  // the newest commit's
                                    Pair("1", Rows{0}), Pair("0", Rows{0}), Pair("3", Rows{})));
}

TEST_F(NewestVersionsTest, AnEmptyTableHasNone) {
  EXPECT_THAT(Chosen(), IsEmpty());
  EXPECT_THAT(Find({"x"}).missing_ids(), ElementsAre("x"));
  EXPECT_THAT(Read(ItemReader::Open(table_->catalog(), {}, never_).ValueOrDie().get()), IsEmpty());
}

TEST_F(NewestVersionsTest, EndsWithTheErrorOfAStoppedRunOrOfAFileThatIsGone) {
  table_->Commit({{"a", {Version("x")}}, {"b", {Version("y")}}});
  CancelSource cancel;
  cancel.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
  EXPECT_EQ(KindOf(NewestVersions::Find(table_->catalog(), {}, cancel).status()), ErrorKind::kInterrupted);
  std::filesystem::remove(table_->PathOf("b"));
  const Status gone = NewestVersions::Find(table_->catalog(), {}, never_).status();
  EXPECT_EQ(KindOf(gone), ErrorKind::kNotFound);
  EXPECT_THAT(gone.message(), testing::HasSubstr(table_->PathOf("b")));
}

TEST_F(NewestVersionsTest, TheReaderGivesTheNewestOfALargeFileAndAllAgainWhenRewound) {
  const std::vector<size_t> kept = {0, 1023, 1024, 2048, 2499};  // around the ends of batches
  std::vector<json> old, updated;
  for (size_t i = 0; i < 2500; ++i) {
    old.push_back(Version(std::to_string(i), Day(1)));
    if (std::count(kept.begin(), kept.end(), i) == 0) updated.push_back(Version(std::to_string(i), Day(2)));
  }
  std::vector<json> expected = updated;
  for (const size_t i : kept) expected.push_back(old[i]);
  table_->Commit({{"old", old}});
  table_->Commit({{"updated", updated}});
  const auto reader = ItemReader::Open(table_->catalog(), {}, never_).ValueOrDie();
  EXPECT_EQ(Read(reader.get()), expected);
  EXPECT_FALSE(reader->Next(never_).ValueOrDie().has_value()) << "behind the last";
  reader->Rewind();
  EXPECT_EQ(Read(reader.get()), expected);
  reader->Rewind();
  ASSERT_TRUE(reader->Next(never_).ValueOrDie().has_value());
  reader->Rewind();  // in the middle
  EXPECT_EQ(Read(reader.get()), expected);
}

// A table of random versions, and which of them the contract says are the items.
class RandomTable {
 public:
  // Few ids and times, so that it is often the later rules that decide.
  explicit RandomTable(std::mt19937* random)
      : random_(*random), ids_(1 + Below(4)), days_(1 + Below(2)), commits_(1 + Below(3)) {}

  void Fill(test::ItemTable* table) {
    for (int commit = 0; commit < commits_; ++commit) {
      std::vector<ItemFile> files(1 + static_cast<size_t>(Below(4)));
      for (ItemFile& file : files) {
        const int part = Below(3);
        const std::string name = part == 0 ? "data" : fmt::format("part_{:06}", part);
        file.name = fmt::format("{}/{}_{:08x}", "abc"[Below(3)], name, made_++);
        file.with_bounds = Below(2) == 0;
        for (int rows = 1 + Below(8); rows > 0; --rows) AddRow(&file, commit, part);
      }
      table->Commit(files);
    }
  }

  std::string AnyId() { return std::string(20, 'i') + std::to_string(Below(ids_)); }
  const json& Source(const std::string& path, uint32_t row) const { return sources_.at({path, row}); }

  // The rows of each file that has any; of this id only, or of all.
  std::map<std::string, Rows> Newest(const std::optional<std::string>& id) const {
    std::map<std::string, Rows> rows;
    for (const auto& [item, newest] : newest_) {
      if (!id || item.second == *id) rows[newest.path].push_back(newest.row);
    }
    for (auto& [path, of_file] : rows) std::sort(of_file.begin(), of_file.end());
    return rows;
  }

 private:
  // In the order in which it counts.
  struct Row {
    Time updated, created;  // nothing is less than any text
    int commit, part;
    std::string path;
    uint32_t row;
    auto operator<=>(const Row&) const = default;
  };

  void AddRow(ItemFile* file, int commit, int part) {
    const auto collection = Below(3) == 0 ? std::nullopt : std::optional<std::string>("c");
    const Row row{AnyTime(), AnyTime(), commit, part, file->name, static_cast<uint32_t>(file->items.size())};
    const std::string id = AnyId();
    json item = InCollection(Version(id, row.updated, row.created), collection);
    item["properties"]["place"] = fmt::format("{} {}", row.path, row.row);
    file->items.push_back(item);
    sources_[{row.path, row.row}] = std::move(item);
    const auto [newest, is_new] = newest_.try_emplace({collection, id}, row);
    if (!is_new) newest->second = std::max(newest->second, row);
  }

  Time AnyTime() { return Below(3) == 0 ? Time() : Day(1 + Below(days_)); }
  int Below(int bound) { return std::uniform_int_distribution(0, bound - 1)(random_); }

  std::mt19937& random_;
  const int ids_, days_, commits_;
  int made_ = 0;
  std::map<std::pair<std::optional<std::string>, std::string>, Row> newest_;
  std::map<std::pair<std::string, uint32_t>, json> sources_;
};

TEST_F(NewestVersionsTest, RandomTablesGiveWhatThePlainModelSays) {
  std::mt19937 random(7);
  for (int round = 0; round < 25; ++round) {
    SCOPED_TRACE(round);
    table_ = std::make_unique<test::ItemTable>();
    RandomTable model(&random);
    model.Fill(table_.get());
    const std::string id = model.AnyId();
    for (const bool all : {true, false}) {
      const auto filter = all ? std::vector<std::string>() : std::vector<std::string>{"none", id};
      std::map<std::string, Rows> chosen;
      std::vector<json> items;
      for (const auto& [path, rows] : Chosen(filter)) {
        if (!rows.empty()) chosen[path] = rows;
        for (const uint32_t row : rows) items.push_back(model.Source(path, row));
      }
      EXPECT_EQ(chosen, model.Newest(all ? std::nullopt : std::optional(id)));
      EXPECT_EQ(Read(ItemReader::Open(table_->catalog(), filter, never_).ValueOrDie().get()), items);
    }
  }
}

}  // namespace
}  // namespace earthcatalog::rows
