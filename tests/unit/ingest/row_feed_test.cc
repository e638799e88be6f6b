#include "earthcatalog/ingest/row_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "earthcatalog/ingest/quarantine.h"
#include "unit/ingest/running.h"

namespace earthcatalog::ingest {
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
    return ingest::Quarantine(Warehouse(), keys);
  }

  // Runs the feed and returns the size of each batch; the keys go to `keys`.
  std::vector<size_t> Drain(SourcedFeed* feed, std::vector<std::string>* keys = nullptr) {
    std::vector<size_t> sizes;
    uint64_t sequence = 0;
    for (const inventory::Batch& batch : Fed(&feed->feed)) {
      EXPECT_EQ(batch.sequence, sequence++);
      sizes.push_back(batch.rows.size());
      for (const inventory::Row& row : batch.rows) {
        if (keys != nullptr) keys->push_back(row.key);
      }
    }
    return sizes;
  }

  std::filesystem::path folder_;
};

TEST_F(RowFeedTest, BatchesEndWhereChunksEnd) {
  SourcedFeed feed({}, {.chunk_size = 300});
  ASSERT_TRUE(feed.sources.AddInventory(WriteInventory(700)).ok());
  EXPECT_THAT(Drain(&feed), ElementsAre(256, 44, 256, 44, 100));
  EXPECT_EQ(feed.sources.counts().rows, 700u);
  EXPECT_EQ(feed.sources.counts().selected, 700u);
}

TEST_F(RowFeedTest, QuarantinedRowsComeFirstAndOnce) {
  const io::Location first = Quarantine({"x.json", "y.json"});
  const io::Location second = Quarantine({"y.json", "z.json"});
  SourcedFeed feed({}, {});
  ASSERT_TRUE(feed.sources.AddQuarantine(first).ok());
  ASSERT_TRUE(feed.sources.AddQuarantine(second).ok());
  ASSERT_TRUE(feed.sources.AddInventory(WriteInventory(1)).ok());
  std::vector<std::string> keys;
  Drain(&feed, &keys);
  EXPECT_THAT(keys, ElementsAre("x.json", "y.json", "z.json", "item0.stac.json"));
  EXPECT_EQ(feed.sources.counts().rows, 4u);
  EXPECT_EQ(feed.sources.counts().selected, 4u);
}

// A row that is in two files, and a crash between them.
TEST_F(RowFeedTest, WhereverARetryIsKilledEachRowIsTakenUpOnce) {
  const std::vector<io::Location> files = {Quarantine({"x", "y", "v"}), Quarantine({"y", "z", "y"}),
                                           Quarantine({"x"}), Quarantine({"v", "w"})};
  SourcedFeed whole({}, {});
  for (const io::Location& file : files) ASSERT_TRUE(whole.sources.AddQuarantine(file).ok());
  std::vector<std::string> all;
  Drain(&whole, &all);
  ASSERT_THAT(all, testing::UnorderedElementsAre("v", "w", "x", "y", "z"));
  for (size_t done = 0; done <= all.size(); ++done) {
    const FeedPosition position = whole.PositionAt(done);
    SourcedFeed rest({}, {});
    for (const io::Location& file : files) {
      const auto& finished = position.finished_quarantine;
      if (std::find(finished.begin(), finished.end(), file.path) != finished.end()) continue;
      const bool begun = file.path == position.unfinished_quarantine;
      ASSERT_TRUE(rest.sources.AddQuarantine(file, begun ? position.unfinished_rows : 0).ok());
    }
    std::vector<std::string> keys;
    Drain(&rest, &keys);
    EXPECT_EQ(keys, std::vector(all.begin() + static_cast<long>(done), all.end()));
  }
}

TEST_F(RowFeedTest, AQuarantineFileIsDoneWhenAllItsRowsAre) {
  const io::Location first = Quarantine({"x.json", "y.json"});
  const io::Location second = Quarantine({"z.json"});
  SourcedFeed feed({}, {.chunk_size = 1});
  ASSERT_TRUE(feed.sources.AddQuarantine(first).ok());
  ASSERT_TRUE(feed.sources.AddQuarantine(second).ok());
  Drain(&feed);
  FeedPosition position = feed.PositionAt(1);
  EXPECT_THAT(position.finished_quarantine, IsEmpty());
  EXPECT_EQ(position.unfinished_quarantine, first.path);
  EXPECT_EQ(position.unfinished_rows, 1u);
  position = feed.PositionAt(2);
  EXPECT_THAT(position.finished_quarantine, ElementsAre(first.path));
  EXPECT_EQ(position.unfinished_quarantine, "");
  EXPECT_THAT(feed.PositionAt(3).finished_quarantine, ElementsAre(first.path, second.path));
  EXPECT_FALSE(position.inventory);
}

TEST_F(RowFeedTest, WhatEndsWithTheLastRowsIsKnownBeforeTheyCanBeCommitted) {
  const io::Location file = Quarantine({"x.json"});
  const io::Location same = Quarantine({"x.json"});  // gives no row
  const std::string inventory = (folder_ / "others.csv").string();
  std::ofstream(inventory) << "bucket,key\nb,readme.txt\n";
  SourcedFeed feed({}, {});
  for (const auto& each : {file, same}) ASSERT_TRUE(feed.sources.AddQuarantine(each).ok());
  ASSERT_TRUE(feed.sources.AddInventory(inventory).ok());
  CancelSource cancel;
  FlowWindow window(1 << 30, &cancel);
  BoundedQueue<inventory::Batch> queue("rows", 1, &cancel);
  queue.Watch([&, first = true]() mutable {
    if (!std::exchange(first, false)) return;
    const FeedPosition position = feed.PositionAt(1);
    EXPECT_THAT(position.finished_quarantine, ElementsAre(file.path, same.path));
    ASSERT_TRUE(position.inventory);
    EXPECT_TRUE(position.inventory->ended);
    EXPECT_EQ(position.inventory->rows, 1u);
  });
  EXPECT_TRUE(feed.feed.Run(&queue, &window).ok());
  queue.Watch({});
}

// After any number of rows, whatever lies between them, the next run goes on exactly there.
TEST_F(RowFeedTest, ARunGoesOnWhereAnotherEnded) {
  const std::string path = (folder_ / "inventory.csv").string();
  {
    std::ofstream file(path);
    file << "bucket,key\n";
    for (int i = 0; i < 100; ++i) {
      file << "b," << i << ".stac.json\n"
           << (i % 3 == 0 ? "b,other.txt\n" : "") << (i % 7 == 0 ? "bad\n" : "");
    }
  }
  SourcedFeed whole({}, {.chunk_size = 9});
  ASSERT_TRUE(whole.sources.AddInventory(path).ok());
  std::vector<std::string> all;
  Drain(&whole, &all);
  ASSERT_EQ(all.size(), 100u);
  for (uint64_t done = 1; done < 95; ++done) {
    const InventoryProgress progress = whole.PositionAt(done).inventory.value();
    EXPECT_EQ(progress.selected, done);
    EXPECT_FALSE(progress.ended);
    for (const std::optional<uint64_t> limit : {std::optional<uint64_t>(), std::optional<uint64_t>(95)}) {
      inventory::Options options;
      options.limit = limit;
      SourcedFeed rest(options, {.chunk_size = 7});
      ASSERT_TRUE(rest.sources.AddInventory(path).ok());
      rest.sources.SkipDone(progress, /*all=*/false);
      std::vector<std::string> keys;
      Drain(&rest, &keys);
      EXPECT_EQ(keys, std::vector(all.begin() + static_cast<long>(done), all.begin() + limit.value_or(100)));
      EXPECT_EQ(rest.sources.counts().skipped_done, progress.rows);
      const InventoryProgress end = rest.PositionAt(keys.size()).inventory.value();
      EXPECT_EQ(end.selected, limit.value_or(100));
      EXPECT_EQ(end.ended, !limit);
      if (!limit) {
        EXPECT_EQ(end.rows, whole.sources.counts().rows);
      }
    }
  }
}

TEST_F(RowFeedTest, AnInventoryThatIsDoneIsCountedAndNotRead) {
  SourcedFeed feed({}, {});
  ASSERT_TRUE(feed.sources.AddInventory(WriteInventory(7)).ok());
  feed.sources.SkipDone({7, 7, true}, /*all=*/true);
  EXPECT_THAT(Drain(&feed), IsEmpty());
  EXPECT_EQ(feed.sources.counts().rows, 7u);
  EXPECT_EQ(feed.sources.counts().skipped_done, 7u);
}

TEST_F(RowFeedTest, OnlyTheRestOfAQuarantineFileIsTakenUp) {
  SourcedFeed feed({}, {});
  const io::Location file = Quarantine({"x.json", "y.json", "z.json"});
  ASSERT_TRUE(feed.sources.AddQuarantine(file, /*rows_done=*/2).ok());
  std::vector<std::string> keys;
  Drain(&feed, &keys);
  EXPECT_THAT(keys, ElementsAre("z.json"));
  EXPECT_EQ(feed.sources.counts().skipped_done, 2u);
  EXPECT_THAT(feed.PositionAt(1).finished_quarantine, ElementsAre(file.path));
}

TEST_F(RowFeedTest, TheInventorysRowsThatWereRetriedAreCountedAndNotFedAgain) {
  SourcedFeed feed({}, {});
  ASSERT_TRUE(
      feed.sources.AddInventory(WriteInventory(3)).ok());  // in any order: the quarantine is fed first
  ASSERT_TRUE(feed.sources.AddQuarantine(Quarantine({"item1.stac.json", "x.json"})).ok());
  std::vector<std::string> keys;
  Drain(&feed, &keys);
  EXPECT_THAT(keys, ElementsAre("item1.stac.json", "x.json", "item0.stac.json", "item2.stac.json"));
  EXPECT_EQ(feed.sources.counts().rows, 5u);
  EXPECT_EQ(feed.sources.counts().selected, 4u);
  EXPECT_EQ(feed.sources.counts().skipped_retried, 1u);
}

TEST_F(RowFeedTest, BatchesAreCutByBytesWhateverTheSizesClaim) {
  const std::string path = (folder_ / "sizes.csv").string();
  std::ofstream(path) << "bucket,key,size\n"
                         "b,0.stac.json,400000\nb,1.stac.json,400000\nb,2.stac.json,400000\n"
                         "b,3.stac.json,9223372036854775807\nb,4.stac.json,9223372036854775807\n"
                         "b,5.stac.json,10\nb,6.stac.json,-10\nb,7.stac.json,\n";
  SourcedFeed feed({}, {.batch_bytes = 1'000'000, .item_bytes = 2'000'000});
  ASSERT_TRUE(feed.sources.AddInventory(path).ok());
  EXPECT_THAT(Drain(&feed), ElementsAre(2, 1, 1, 1, 3));
}

TEST_F(RowFeedTest, NamesThatAreNotUtf8ComeBackFromTheQuarantine) {
  const std::vector<QuarantinedRow> rows = {{"b", "caf\xe9 %41+", "not_utf8", "", 0},
                                            {"b", "%41", "x", "", 0}};
  std::vector<io::Location> files;
  ASSERT_TRUE(StageQuarantine(Warehouse(), rows, &files).ok());
  EXPECT_THAT(ListQuarantine(Warehouse()).ValueOrDie(), IsEmpty()) << "staged files are no one's yet";
  ASSERT_TRUE(PublishQuarantine(files).ok());
  SourcedFeed feed({}, {});
  for (const io::Location& file : files) ASSERT_TRUE(feed.sources.AddQuarantine(file).ok());
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
}  // namespace earthcatalog::ingest
