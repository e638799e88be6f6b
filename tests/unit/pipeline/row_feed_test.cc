#include "earthcatalog/pipeline/row_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "earthcatalog/pipeline/quarantine.h"

namespace earthcatalog::pipeline {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RowFeedTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }

  std::string WriteInventory(int rows) {
    const std::string path = (folder_ / "inventory.csv").string();
    std::ofstream file(path);
    file << "bucket,key\n";
    for (int i = 0; i < rows; ++i) file << "b,item" << i << ".stac.json\n";
    return path;
  }

  io::Location Warehouse() const { return io::Resolve((folder_ / "warehouse").string()).ValueOrDie(); }

  io::Location Quarantine(const std::vector<std::string>& keys) {
    std::vector<QuarantinedRow> rows;
    for (const std::string& key : keys) rows.push_back({"b", key, "not_found", "gone", 0});
    std::vector<io::Location> files;
    EXPECT_TRUE(StageQuarantine(Warehouse(), rows, &files).ok());
    EXPECT_TRUE(PublishQuarantine(files).ok());
    return files.at(0);
  }

  // Runs the feed and returns the size of each batch; the keys go to `keys`.
  std::vector<size_t> Drain(RowFeed* feed, std::vector<std::string>* keys = nullptr) {
    CancelSource cancel;
    FlowWindow window(1 << 30, &cancel);
    EXPECT_TRUE(window.Admit(UINT64_MAX, 1, 1).ok());
    window.Measure(UINT64_MAX, 1, 1, 0);  // else it waits for the first batch to be fetched
    BoundedQueue<inventory::Batch> queue("rows", 1000, &cancel);
    EXPECT_TRUE(feed->Run(&queue, &window).ok());
    std::vector<size_t> sizes;
    uint64_t sequence = 0;
    while (auto batch = queue.Pop().ValueOrDie()) {
      EXPECT_EQ(batch->sequence, sequence++);
      sizes.push_back(batch->rows.size());
      for (const inventory::Row& row : batch->rows) {
        if (keys != nullptr) keys->push_back(row.key);
      }
    }
    return sizes;
  }

  std::filesystem::path folder_;
};

TEST_F(RowFeedTest, BatchesEndWhereChunksEnd) {
  RowFeed feed({}, {.chunk_size = 300});
  ASSERT_TRUE(feed.AddInventory(WriteInventory(700)).ok());
  EXPECT_THAT(Drain(&feed), ElementsAre(256, 44, 256, 44, 100));
  EXPECT_EQ(feed.counts().rows, 700u);
  EXPECT_EQ(feed.counts().selected, 700u);
}

TEST_F(RowFeedTest, QuarantinedRowsComeFirstAndOnce) {
  const io::Location first = Quarantine({"x.json", "y.json"});
  const io::Location second = Quarantine({"y.json", "z.json"});
  RowFeed feed({}, {});
  ASSERT_TRUE(feed.AddQuarantine(first).ok());
  ASSERT_TRUE(feed.AddQuarantine(second).ok());
  ASSERT_TRUE(feed.AddInventory(WriteInventory(1)).ok());
  std::vector<std::string> keys;
  Drain(&feed, &keys);
  EXPECT_THAT(keys, ElementsAre("x.json", "y.json", "z.json", "item0.stac.json"));
  EXPECT_EQ(feed.counts().rows, 4u);
  EXPECT_EQ(feed.counts().selected, 4u);
}

TEST_F(RowFeedTest, AQuarantineFileIsDoneWhenAllItsRowsAre) {
  const io::Location first = Quarantine({"x.json", "y.json"});
  const io::Location second = Quarantine({"z.json"});
  RowFeed feed({}, {});
  ASSERT_TRUE(feed.AddQuarantine(first).ok());
  ASSERT_TRUE(feed.AddQuarantine(second).ok());
  Drain(&feed);
  EXPECT_THAT(feed.QuarantineFilesWithin(1), IsEmpty());
  EXPECT_THAT(feed.QuarantineFilesWithin(2), ElementsAre(first.path));
  EXPECT_THAT(feed.QuarantineFilesWithin(3), ElementsAre(first.path, second.path));
}

TEST_F(RowFeedTest, AFileIsDoneBeforeItsLastRowsCanBeCommitted) {
  const io::Location file = Quarantine({"x.json"});
  RowFeed feed({}, {});
  ASSERT_TRUE(feed.AddQuarantine(file).ok());
  CancelSource cancel;
  FlowWindow window(1 << 30, &cancel);
  BoundedQueue<inventory::Batch> queue("rows", 1, &cancel);
  queue.Watch([&, first = true]() mutable {
    if (std::exchange(first, false)) {
      EXPECT_THAT(feed.QuarantineFilesWithin(1), ElementsAre(file.path));
    }
  });
  EXPECT_TRUE(feed.Run(&queue, &window).ok());
  queue.Watch({});
}

TEST_F(RowFeedTest, TheInventorysRowsThatWereRetriedAreCountedAndNotFedAgain) {
  RowFeed feed({}, {});
  ASSERT_TRUE(feed.AddInventory(WriteInventory(3)).ok());  // in any order: the quarantine is fed first
  ASSERT_TRUE(feed.AddQuarantine(Quarantine({"item1.stac.json", "x.json"})).ok());
  std::vector<std::string> keys;
  Drain(&feed, &keys);
  EXPECT_THAT(keys, ElementsAre("item1.stac.json", "x.json", "item0.stac.json", "item2.stac.json"));
  EXPECT_EQ(feed.counts().rows, 5u);
  EXPECT_EQ(feed.counts().selected, 4u);
  EXPECT_EQ(feed.counts().skipped_retried, 1u);
}

TEST_F(RowFeedTest, BatchesAreCutByBytesWhateverTheSizesClaim) {
  const std::string path = (folder_ / "sizes.csv").string();
  std::ofstream(path) << "bucket,key,size\n"
                         "b,0.stac.json,400000\nb,1.stac.json,400000\nb,2.stac.json,400000\n"
                         "b,3.stac.json,9223372036854775807\nb,4.stac.json,9223372036854775807\n"
                         "b,5.stac.json,10\nb,6.stac.json,-10\nb,7.stac.json,\n";
  RowFeed feed({}, {.batch_bytes = 1'000'000, .item_bytes = 2'000'000});
  ASSERT_TRUE(feed.AddInventory(path).ok());
  EXPECT_THAT(Drain(&feed), ElementsAre(2, 1, 1, 1, 3));
}

TEST_F(RowFeedTest, NamesThatAreNotUtf8ComeBackFromTheQuarantine) {
  const std::vector<QuarantinedRow> rows = {{"b", "caf\xe9 %41+", "not_utf8", "", 0},
                                            {"b", "%41", "x", "", 0}};
  std::vector<io::Location> files;
  ASSERT_TRUE(StageQuarantine(Warehouse(), rows, &files).ok());
  EXPECT_THAT(ListQuarantine(Warehouse()).ValueOrDie(), IsEmpty()) << "staged files are no one's yet";
  ASSERT_TRUE(PublishQuarantine(files).ok());
  RowFeed feed({}, {});
  for (const io::Location& file : files) ASSERT_TRUE(feed.AddQuarantine(file).ok());
  std::vector<std::string> keys;
  Drain(&feed, &keys);
  EXPECT_THAT(keys, ElementsAre("%41", "caf\xe9 %41+"));
}

TEST_F(RowFeedTest, QuarantineFilesAreListedOldestFirst) {
  const io::Location first = Quarantine({"a"});
  const io::Location second = Quarantine({"b"});
  const auto files = ListQuarantine(io::Resolve((folder_ / "warehouse").string()).ValueOrDie()).ValueOrDie();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].path, first.path);
  EXPECT_EQ(files[1].path, second.path);
}

}  // namespace
}  // namespace earthcatalog::pipeline
