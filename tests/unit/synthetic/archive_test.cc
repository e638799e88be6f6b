#include "earthcatalog/synthetic/archive.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "earthcatalog/base/time.h"

namespace earthcatalog::synthetic {
namespace {

namespace fs = std::filesystem;

// FNV-1a, 64 bits.
uint64_t HashOf(const ArchiveOptions& options, uint64_t items) {
  uint64_t hash = 0xCBF29CE484222325;
  const auto add = [&](std::string_view bytes) {
    for (const char byte : bytes) hash = (hash ^ static_cast<uint8_t>(byte)) * 0x100000001B3;
  };
  for (uint64_t i = 0; i < items; ++i) {
    const SyntheticItem item = MakeItem(options, i);
    add(item.key);
    add(item.json);
    add(std::to_string(item.last_modified));
  }
  return hash;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Archive : public testing::Test {
 protected:
  void SetUp() override { fs::remove_all(directory_); }
  void TearDown() override { fs::remove_all(directory_); }

  CancelSource cancel_;
  const fs::path directory_ =
      fs::path(testing::TempDir()) /
      (std::string("earthcatalog_archive_") + testing::UnitTest::GetInstance()->current_test_info()->name());
};

// Results measured on one machine are compared with those of another: change these only on purpose.
TEST_F(Archive, SameSeedSameBytesOnEveryMachine) { EXPECT_EQ(HashOf({}, 2000), 12281525881068561808U); }

TEST_F(Archive, AnItemDependsOnSeedAndIndexAlone) {
  const SyntheticItem item = MakeItem({}, 77);
  EXPECT_EQ(MakeItem({.items = 1}, 77).json, item.json);
  EXPECT_NE(MakeItem({.items = 5000, .seed = 2}, 77).json, item.json);
  EXPECT_NE(MakeItem({}, 78).json, item.json);
}

TEST_F(Archive, KeysAreUnique) {
  std::set<std::string> keys;
  for (const uint64_t start : {uint64_t{0}, uint64_t{9'999'500}, uint64_t{1} << 40}) {
    for (uint64_t i = start; i < start + 1000; ++i) {
      const std::string key = MakeItem({}, i).key;
      EXPECT_THAT(key, testing::MatchesRegex("(velocity|optical)/[a-z0-9-]+/[0-9]+/[A-Za-z0-9_]+.stac.json"));
      keys.insert(key);
    }
  }
  EXPECT_EQ(keys.size(), 3000U);
}

TEST_F(Archive, WritesEveryItemAndItsInventoryRow) {
  const ArchiveOptions options{.items = 60, .seed = 5};
  ASSERT_TRUE(WriteArchive(options, directory_.string(), cancel_).ok());
  std::string inventory = "bucket,key,size,last_modified_date\r\n";
  for (uint64_t i = 0; i < options.items; ++i) {
    const SyntheticItem item = MakeItem(options, i);
    EXPECT_EQ(ReadFile(directory_ / kBucket / item.key), item.json);
    inventory += std::string(kBucket) + "," + item.key + "," + std::to_string(item.json.size()) + "," +
                 FormatRfc3339(item.last_modified) + "\r\n";
  }
  EXPECT_EQ(ReadFile(directory_ / "inventory.csv"), inventory);
}

TEST_F(Archive, WritesTheSameInventoryWithoutItems) {
  const ArchiveOptions options{.items = 60, .seed = 5};
  ASSERT_TRUE(WriteArchive(options, directory_.string(), cancel_).ok());
  const std::string inventory = ReadFile(directory_ / "inventory.csv");
  fs::remove_all(directory_);
  ASSERT_TRUE(WriteInventory(options, directory_.string(), cancel_).ok());
  EXPECT_EQ(ReadFile(directory_ / "inventory.csv"), inventory);
  EXPECT_FALSE(fs::exists(directory_ / kBucket));
}

TEST_F(Archive, FindsAnItemByItsKeyAndNoOther) {
  const ArchiveOptions options{.seed = 5};
  for (const uint64_t index : {uint64_t{0}, uint64_t{4711}, uint64_t{9'999'999}, uint64_t{1} << 40}) {
    const SyntheticItem item = MakeItem(options, index);
    const auto found = FindItem(options, item.key);
    ASSERT_TRUE(found) << item.key;
    EXPECT_EQ(found->json, item.json);
    EXPECT_EQ(found->last_modified, item.last_modified);
    EXPECT_FALSE(FindItem(options, "x" + item.key));
    EXPECT_FALSE(FindItem(options, item.key + "x"));
    EXPECT_FALSE(FindItem({.seed = 6}, item.key));
  }
  for (const char* key : {"", "N", "N1", ".stac.json", "N.stac.json", "N99999999999999999999.stac.json",
                          "N-1.stac.json", "1.stac.json", "N1x.stac.json"}) {
    EXPECT_FALSE(FindItem(options, key)) << key;
  }
}

TEST_F(Archive, ReplacesWhatIsThere) {
  ASSERT_TRUE(WriteArchive({.items = 3, .seed = 1}, directory_.string(), cancel_).ok());
  const fs::path path = directory_ / kBucket / MakeItem({}, 0).key;
  std::ofstream(path) << std::string(100'000, 'x');
  ASSERT_TRUE(WriteArchive({.items = 2, .seed = 1}, directory_.string(), cancel_).ok());
  EXPECT_EQ(ReadFile(path), MakeItem({}, 0).json);
  const std::string inventory = ReadFile(directory_ / "inventory.csv");
  EXPECT_EQ(std::count(inventory.begin(), inventory.end(), '\n'), 3);
}

TEST_F(Archive, AFileInTheWayIsNamedAndLeavesNoInventory) {
  ASSERT_TRUE(WriteArchive({.items = 1, .seed = 1}, directory_.string(), cancel_).ok());
  fs::remove_all(directory_ / kBucket);
  std::ofstream(directory_ / kBucket) << "in the way";
  const Status status = WriteArchive({.items = 1, .seed = 1}, directory_.string(), cancel_);
  EXPECT_THAT(status.message(), testing::HasSubstr(kBucket));
  EXPECT_FALSE(fs::exists(directory_ / "inventory.csv"));
}

// Ten million items take half an hour: Ctrl-C must end it.
TEST_F(Archive, AStoppedRunEndsWritingAndLeavesNoInventory) {
  ASSERT_TRUE(WriteArchive({.items = 1, .seed = 1}, directory_.string(), cancel_).ok());
  cancel_.Fail(MakeError(ErrorKind::kInterrupted, "interrupted"));
  const Status status = WriteArchive({.items = 10'000'000, .seed = 1}, directory_.string(), cancel_);
  EXPECT_EQ(KindOf(status), ErrorKind::kInterrupted);
  EXPECT_FALSE(fs::exists(directory_ / "inventory.csv"));
}

}  // namespace
}  // namespace earthcatalog::synthetic
