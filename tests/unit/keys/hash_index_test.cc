// The index of a table: built, updated, checked.
#include "earthcatalog/keys/hash_index.h"

#include <arrow/io/file.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <map>

#include "earthcatalog/catalog/lock.h"
#include "earthcatalog/keys/change_hash_file.h"
#include "earthcatalog/keys/check_hash_index.h"
#include "earthcatalog/keys/hash_file_writer.h"
#include "unit/keys/records.h"
#include "unit/support/item_table.h"

namespace earthcatalog::keys {
namespace {

using item::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

json ItemOf(const std::string& id, const std::string& collection = "c") {
  json item = item::ItemWith(json::object());
  item["id"] = id;
  item["collection"] = collection;
  return item;
}

class HashIndexTest : public testing::Test {
 protected:
  // One commit of a file with items of these ids.
  void Commit(const std::vector<std::string>& ids, const std::string& collection = "c") {
    std::vector<json> items;
    for (const std::string& id : ids) items.push_back(ItemOf(id, collection));
    table_.Commit({{fmt::format("part_{:06}_aaaaaaaa", ++files_), items}});
  }
  HashIndexOptions Options(std::vector<std::string> files = {}) const {
    return {.paths = table_.paths(), .path = {}, .files = std::move(files), .sort = {}};
  }
  HashIndexReport Build() const {
    HashIndexReport report;
    const Status status = BuildHashIndex(Options(), {}, never_, &report);
    EXPECT_TRUE(status.ok()) << status;
    return report;
  }
  HashIndexReport Update(std::vector<std::string> files = {}) const {
    HashIndexReport report;
    const Status status = UpdateHashIndex(Options(std::move(files)), {}, never_, &report);
    EXPECT_TRUE(status.ok()) << status;
    return report;
  }
  HashIndexCheck Check() const {
    HashIndexCheck check;
    const Status status = CheckHashIndex(*table_.Reopened(), {}, {}, never_, &check);
    EXPECT_TRUE(status.ok()) << status;
    return check;
  }
  std::vector<KeyHash> Known() const {
    return ReadAll(OpenHashIndex(*table_.Reopened()).ValueOrDie()->Sorted({}).ValueOrDie().get());
  }
  static std::vector<KeyHash> HashesOf(const std::vector<std::string>& keys) {
    std::vector<KeyHash> hashes;
    for (const std::string& key : keys) hashes.push_back(HashOf(key));
    return Model(hashes);
  }
  // As somebody else leaves it, who notes nothing.
  void WriteForeign(const std::vector<KeyHash>& hashes) const {
    const auto place = HashIndexPlace(*table_.Reopened()).ValueOrDie();
    BlocksOf<kKeyBytes> stream(hashes);
    ASSERT_TRUE(ReplaceHashFile(place, VersionOf(place).ValueOrDie(), &stream, {}, never_).ok());
  }

  const CancelSource never_{};
  test::ItemTable table_;
  int files_ = 0;
};

TEST_F(HashIndexTest, BuildKnowsEachItemOnce) {
  Commit({"a", "b", "a"});
  Commit({"b", "c"});
  const HashIndexReport report = Build();
  EXPECT_EQ(report.count, 3);
  EXPECT_EQ(report.rows, 5);
  EXPECT_EQ(report.rule, KeyRule::kId);
  EXPECT_TRUE(report.path.ends_with("/warehouse_id_hashes.parquet")) << report.path;
  EXPECT_EQ(Known(), HashesOf({"a", "b", "c"}));
  const auto catalog = table_.Reopened();
  EXPECT_EQ(catalog::PropertyOf(catalog->table().properties(), catalog::kHashIndexKeyProperty), "id");
  const HashIndexCheck check = Check();
  EXPECT_TRUE(check.sound());
  EXPECT_EQ(check.count, 3);
  EXPECT_EQ(check.table_items, 3);
}

TEST_F(HashIndexTest, AnEmptyTableHasAnEmptyIndex) {
  EXPECT_EQ(Build().count, 0);
  EXPECT_TRUE(Check().sound());
  Commit({"a"});
  EXPECT_EQ(Update().added, 1);
  EXPECT_TRUE(Check().sound());
}

TEST_F(HashIndexTest, SeveralCollectionsAreHashedWithTheirIds) {
  Commit({"a", "b"}, "one");
  Commit({"a"}, "two");
  const HashIndexReport report = Build();
  EXPECT_EQ(report.rule, KeyRule::kCollectionAndId);
  EXPECT_EQ(report.rows, 3);
  using namespace std::string_literals;
  EXPECT_EQ(Known(), HashesOf({"one\0a"s, "one\0b"s, "two\0a"s}));
  EXPECT_TRUE(Check().sound());
  Commit({"c"}, "three");
  EXPECT_EQ(Update().added, 1);
  EXPECT_TRUE(Check().sound());
}

TEST_F(HashIndexTest, ASecondCollectionAsksForANewIndex) {
  Commit({"a"}, "one");
  Build();
  Commit({"a"}, "two");
  HashIndexReport report;
  const Status status = UpdateHashIndex(Options(), {}, never_, &report);
  EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("`earthcatalog hash-index build`"));
  EXPECT_EQ(Known(), HashesOf({"a"}));
  EXPECT_THAT(Check().collections, ElementsAre("one", "two"));
  EXPECT_FALSE(Check().sound());
  EXPECT_EQ(Build().count, 2);
  EXPECT_TRUE(Check().sound());
}

TEST_F(HashIndexTest, UpdateReadsWhatCameSince) {
  Commit({"a", "b"});
  Build();
  Commit({"b", "c"});
  HashIndexReport report = Update();
  EXPECT_EQ(report.rows, 2);
  EXPECT_EQ(report.added, 1);
  EXPECT_EQ(report.count, 3);
  const std::string version = VersionOf(HashIndexPlace(*table_.Reopened()).ValueOrDie()).ValueOrDie();
  report = Update();  // nothing came
  EXPECT_EQ(report.rows, 0);
  EXPECT_EQ(report.added, 0);
  EXPECT_EQ(report.count, 3);
  EXPECT_EQ(VersionOf(HashIndexPlace(*table_.Reopened()).ValueOrDie()).ValueOrDie(), version);
  EXPECT_TRUE(Check().sound());
}

TEST_F(HashIndexTest, UpdateReadsEverythingWhereTheIndexDoesNotSay) {
  Commit({"a", "b"});
  Commit({"c"});
  WriteForeign(HashesOf({"b", "gone"}));
  EXPECT_EQ(Update().rows, 3);
  EXPECT_EQ(Known(), HashesOf({"a", "b", "c", "gone"}));
}

// The files' ids alone, and what comes with the table's next update is not less.
TEST_F(HashIndexTest, UpdateTakesIdsOfFiles) {
  Commit({"a"});
  Build();
  Commit({"b"});
  Commit({"c"});
  EXPECT_EQ(Update({table_.PathOf("part_000003_aaaaaaaa")}).added, 1);
  EXPECT_EQ(Known(), HashesOf({"a", "c"}));
  EXPECT_EQ(Update().added, 1);
  EXPECT_EQ(Known(), HashesOf({"a", "b", "c"}));
}

TEST_F(HashIndexTest, CheckNamesWhatIsWrong) {
  Commit({"a", "b", "c"});
  WriteForeign(HashesOf({"b", "other"}));
  const HashIndexCheck check = Check();
  EXPECT_FALSE(check.sound());
  EXPECT_EQ(check.count, 2);
  EXPECT_EQ(check.table_items, 3);
  EXPECT_EQ(check.missing, 2);
  EXPECT_EQ(check.extra, 1);
  EXPECT_THAT(check.first_extra, ElementsAre(HashOf("other")));
  std::map<std::string, KeyHash> missing;
  for (const auto& item : check.first_missing) missing[item.id] = item.hash;
  EXPECT_EQ(missing, (std::map<std::string, KeyHash>{{"a", HashOf("a")}, {"c", HashOf("c")}}));
}

TEST_F(HashIndexTest, WithoutAnIndexItIsSaidWhatToDo) {
  Commit({"a"});
  HashIndexReport report;
  for (const Status& status :
       {OpenHashIndex(*table_.Reopened()).status(), UpdateHashIndex(Options(), {}, never_, &report)}) {
    EXPECT_EQ(KindOf(status), ErrorKind::kNotFound);
    EXPECT_THAT(status.message(), HasSubstr("hash-index build"));
  }
}

TEST_F(HashIndexTest, LiesWhereTheTableSays) {
  Commit({"a"});
  HashIndexOptions options = Options();
  options.path = table_.paths().warehouse + "/../elsewhere/ids.parquet";
  HashIndexReport report;
  ASSERT_TRUE(BuildHashIndex(options, {}, never_, &report).ok());
  EXPECT_TRUE(std::filesystem::exists(report.path));
  EXPECT_EQ(HashIndexPlace(*table_.Reopened()).ValueOrDie().name(), report.path);
  Commit({"b"});
  EXPECT_EQ(Update().count, 2);
  EXPECT_EQ(Build().path, report.path);
}

// Two who write at the same time: the later one does not take away what the other has added.
TEST_F(HashIndexTest, RaceTheIndexWasReplacedMeanwhile) {
  Commit({"a"});
  Build();
  const auto place = HashIndexPlace(*table_.Reopened()).ValueOrDie();
  const std::string version = VersionOf(place).ValueOrDie();
  WriteForeign(HashesOf({"b"}));
  BlocksOf<kKeyBytes> stream(HashesOf({"c"}));
  const auto replaced = ReplaceHashFile(place, version, &stream, {}, never_);
  EXPECT_EQ(KindOf(replaced.status()), ErrorKind::kCommitConflict);
  EXPECT_EQ(Known(), HashesOf({"b"}));
}

TEST_F(HashIndexTest, IsNotWrittenWithoutTheLock) {
  Commit({"a"});
  const auto lock = catalog::Lock::Acquire(table_.paths().LockFolder().ValueOrDie(), "other").ValueOrDie();
  HashIndexReport report;
  EXPECT_EQ(KindOf(BuildHashIndex(Options(), {}, never_, &report)), ErrorKind::kLocked);
  EXPECT_FALSE(std::filesystem::exists(table_.paths().warehouse + "_id_hashes.parquet"));
}

TEST_F(HashIndexTest, NothingIsLeftOfAnInterruptedBuild) {
  Commit({"a"});
  Build();
  CancelSource stopped;
  stopped.Fail(MakeError(ErrorKind::kInterrupted, "stopped"));
  HashIndexReport report;
  Commit({"b"});
  EXPECT_FALSE(BuildHashIndex(Options(), {}, stopped, &report).ok());
  EXPECT_EQ(Known(), HashesOf({"a"}));
  for (const auto& entry : std::filesystem::directory_iterator(table_.paths().warehouse + "/..")) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".tmp")) << entry.path();
  }
}

TEST_F(HashIndexTest, LittleMemoryMakesTheSameFile) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3000; ++i) ids.push_back(std::to_string(i * 7919 % 2000));
  Commit(ids);
  EXPECT_EQ(Build().count, 2000);
  const std::string path = table_.paths().warehouse + "_id_hashes.parquet";
  const std::string bytes = test::BytesOf(path);
  HashIndexOptions options = Options();
  options.sort.memory_bytes = 1;
  HashIndexReport report;
  ASSERT_TRUE(BuildHashIndex(options, {}, never_, &report).ok());
  EXPECT_EQ(test::BytesOf(path), bytes);
}

}  // namespace
}  // namespace earthcatalog::keys
