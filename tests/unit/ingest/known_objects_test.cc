#include "earthcatalog/ingest/known_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/ingest/known_rows.h"
#include "earthcatalog/ingest/snapshot_notes.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::ingest {
namespace {

namespace fs = std::filesystem;
using keys::KeyHash;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

inventory::Row RowOf(const std::string& bucket, const std::string& key, std::optional<int64_t> modified) {
  inventory::Row row;
  row.bucket = bucket;
  row.key = key;
  row.last_modified = modified;
  return row;
}

KeyHash Object(int number) { return *HashOfObject(RowOf("b", std::to_string(number), 5)); }

std::set<std::string> NamesIn(const io::Location& folder) {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder.path, error)) names.insert(entry.path().filename());
  return names;
}

class KnownObjectsTest : public testing::Test {
 protected:
  iceberg::Table& table() { return catalog_->table(); }
  const io::Location& warehouse() const { return catalog_->warehouse(); }

  NewObjects Run() { return {warehouse(), &table(), &cancel_}; }

  // A commit of what was staged, as another run's or this one's.
  void Commit(NewObjects* objects) {
    iceberg::Table::CommitRequest request;
    request.summary = {{"earthcatalog.test", "x"}};
    request.summary_on_top = [&] { return objects->NoteOnTop(); };
    ASSERT_TRUE(table().Append(request).ok());
    objects->Settle();
  }
  void Ingest(NewObjects* objects, const std::vector<int>& numbers) {
    std::vector<KeyHash> hashes;
    for (const int number : numbers) hashes.push_back(Object(number));
    ASSERT_TRUE(objects->Add(hashes).ok());
    ASSERT_TRUE(objects->Stage().ok());
  }

  std::vector<KeyHash> Known() {
    std::vector<KeyHash> known;
    const auto stream = OpenObjects(warehouse(), FindObjectFiles(table())).ValueOrDie();
    while (true) {
      const auto some = stream->Next().ValueOrDie();
      if (some.empty()) return known;
      known.insert(known.end(), some.begin(), some.end());
    }
  }
  static std::vector<KeyHash> Sorted(const std::set<int>& numbers) {
    std::vector<KeyHash> hashes;
    for (const int number : numbers) hashes.push_back(Object(number));
    std::sort(hashes.begin(), hashes.end());
    return hashes;
  }

  const test::TempFolder folder_;
  CancelSource cancel_;
  const catalog::Paths paths_ = catalog::Paths::FromBase(folder_.path()).ValueOrDie();
  std::unique_ptr<catalog::Catalog> catalog_ =
      catalog::Catalog::OpenOrCreate(paths_, std::nullopt).ValueOrDie();
};

TEST_F(KnownObjectsTest, AnObjectIsItsNameAndWhenItWasLastModified) {
  const auto hash = [](const char* bucket, const char* key, std::optional<int64_t> modified) {
    return HashOfObject(RowOf(bucket, key, modified));
  };
  EXPECT_EQ(hash("b", "k", std::nullopt), std::nullopt);
  EXPECT_EQ(hash("b", "k", 1), hash("b", "k", 1));
  EXPECT_NE(hash("b", "k", 1), hash("b", "k", 2));
  EXPECT_NE(hash("b", "k", 1), hash("b", "l", 1));
  EXPECT_NE(hash("ab", "c", 1), hash("a", "bc", 1));
  const KeyHash before = *hash("b", "k", 1), after = *hash("b", "k", 2);
  EXPECT_TRUE(std::equal(before.bytes.begin(), before.bytes.begin() + 8, after.bytes.begin()))
      << "so that a change can be told from a new object";
}

TEST_F(KnownObjectsTest, CommitsAddUpInFewFiles) {
  std::mt19937 random(1);
  NewObjects objects = Run();
  std::set<int> all;
  for (int commit = 0; commit < 60; ++commit) {
    std::vector<int> numbers(1 + random() % (commit % 7 == 0 ? 300 : 20));
    for (int& number : numbers) all.insert(number = static_cast<int>(random() % 5000));
    Ingest(&objects, numbers);
    Commit(&objects);
    ASSERT_LE(FindObjectFiles(table()).size(), 17u);
    ASSERT_EQ(Known(), Sorted(all)) << commit;
  }
  // Those that were merged stay as long as an older snapshot names them.
  std::set<std::string> named;
  for (const iceberg::Snapshot& snapshot : table().snapshots()) {
    const auto files = ObjectFilesIn(snapshot.summary);
    ASSERT_TRUE(files);
    for (const ObjectFile& file : *files) named.insert(file.name);
  }
  EXPECT_EQ(NamesIn(ObjectFolder(warehouse())), named);
  EXPECT_TRUE(std::all_of(named.begin(), named.end(), &IsObjectFileName));
}

TEST_F(KnownObjectsTest, ACommitOnTopOfAnothersKnowsBoth) {
  NewObjects first = Run();
  std::set<int> all;
  for (int i = 0; i < 16; ++i) {  // so many that the next commits merge them
    Ingest(&first, {i});
    Commit(&first);
    all.insert(i);
  }
  NewObjects second = Run();
  Ingest(&first, {100});
  Ingest(&second, {200});
  Commit(&second);
  Commit(&first);
  all.insert({100, 200});
  EXPECT_EQ(Known(), Sorted(all));
}

TEST_F(KnownObjectsTest, WithoutACommitNothingStays) {
  {
    NewObjects objects = Run();
    Ingest(&objects, {1, 2});
    EXPECT_THAT(NamesIn(ObjectFolder(warehouse())), SizeIs(1));
  }
  EXPECT_THAT(NamesIn(ObjectFolder(warehouse())), IsEmpty());
  NewObjects nothing = Run();
  ASSERT_TRUE(nothing.Add({}).ok());
  ASSERT_TRUE(nothing.Stage().ok());
  EXPECT_THAT(nothing.NoteOnTop(), IsEmpty());
}

TEST_F(KnownObjectsTest, WhatExpiresLeavesItsWord) {
  NewObjects objects = Run();
  Ingest(&objects, {1, 2});
  Commit(&objects);
  const auto carried = NotesToCarry(table(), {});
  EXPECT_EQ(ObjectFilesIn(carried), FindObjectFiles(table()));
}

// Whoever may commit may write what he likes there: it is no way to a file.
TEST_F(KnownObjectsTest, ANameThatIsNoneOfOursIsNoFile) {
  const auto files_in = [](const std::string& note) {
    return ObjectFilesIn({{"earthcatalog.objects", note}});
  };
  const std::string good = "01234567-89ab-cdef-0123-456789abcdef.parquet";
  EXPECT_EQ(files_in("[[\"" + good + "\",7]]"), (std::vector<ObjectFile>{{good, 7}}));
  for (const char* bad :
       {"[[\"../../etc/passwd\",1]]", "[[\"/x.parquet\",1]]", "[[1,2]]", "[\"x\"]", "{}", "", "["}) {
    EXPECT_EQ(files_in(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(files_in("[[\"" + good + "\",-1]]"), std::nullopt);
}

TEST_F(KnownObjectsTest, AMissingFileIsNamed) {
  const std::string name = "01234567-89ab-cdef-0123-456789abcdef.parquet";
  const auto opened = OpenObjects(warehouse(), {{name, 7}});
  EXPECT_EQ(KindOf(opened.status()), ErrorKind::kNotFound);
  EXPECT_THAT(opened.status().message(), HasSubstr(name));
}

class KnownRowsTest : public KnownObjectsTest {
 protected:
  // Rows of a bucket; a negative time is none.
  std::string Inventory(const std::vector<std::pair<int, int>>& rows) const {
    const std::string path = (fs::path(folder_.path()) / "inventory.csv").string();
    std::ofstream file(path);
    file << "bucket,key,last_modified_date\n";
    for (const auto& [key, seconds] : rows) {
      file << "b," << key << ".json,";
      if (seconds >= 0) file << "2024-01-01T00:00:" << (seconds < 10 ? "0" : "") << seconds << "Z";
      file << "\n";
    }
    return path;
  }
  static inventory::Options All() { return {.since = {}, .limit = {}, .suffix = ".json", .s3 = {}}; }
};

// Whatever part of it fits into memory.
TEST_F(KnownRowsTest, FindsWhatASetFinds) {
  std::mt19937 random(3);
  std::vector<std::pair<int, int>> rows;
  for (int i = 0; i < 20'000; ++i) rows.emplace_back(random() % 15'000, static_cast<int>(random() % 4) - 1);
  const std::string path = Inventory(rows);
  std::set<std::pair<int, int>> known;
  std::vector<KeyHash> hashes;
  const auto reader = inventory::Open(path, All()).ValueOrDie();
  for (size_t i = 0; const auto batch = reader->Next(1000).ValueOrDie();) {
    for (const inventory::Row& row : batch->rows) {
      const auto hash = HashOfObject(row);
      if (hash && random() % 2 == 0) {
        known.insert(rows[i]);
        hashes.push_back(*hash);
      }
      ++i;
    }
  }
  NewObjects objects = Run();
  ASSERT_TRUE(objects.Add(hashes).ok());
  ASSERT_TRUE(objects.Stage().ok());
  Commit(&objects);

  std::set<std::pair<int, int>> later;
  std::vector<bool> expected(rows.size());
  for (size_t i = rows.size(); i-- > 0;) {
    if (rows[i].second < 0) continue;
    expected[i] = !later.insert(rows[i]).second || known.contains(rows[i]);
  }
  const auto without_date = static_cast<uint64_t>(
      std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row.second < 0; }));
  for (const int64_t memory : {int64_t{1} << 17, int64_t{64} << 20}) {
    const auto again = inventory::Open(path, All()).ValueOrDie();
    const auto found =
        KnownRows::Find(again.get(), OpenObjects(warehouse(), FindObjectFiles(table())).ValueOrDie(),
                        {.memory_bytes = memory}, {}, cancel_)
            .ValueOrDie();
    EXPECT_EQ(found.without_date(), without_date);
    for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(found.Contains(i + 1), expected[i]) << i;
    EXPECT_FALSE(found.Contains(rows.size() + 1));
  }
}

}  // namespace
}  // namespace earthcatalog::ingest
