#include "earthcatalog/ingest/chunk_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <thread>

#include "earthcatalog/ingest/encode.h"
#include "unit/ingest/running.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::ingest {
namespace {

namespace fs = std::filesystem;

class ChunkWriterTest : public testing::Test {
 protected:
  // A chunk of one batch, encoded with the schema of the moment: one item in Europe, one in America.
  Chunk MakeChunk(uint64_t sequence, const std::string& properties) {
    fetch::Batch batch{.sequence = sequence, .items = {}};
    for (const double longitude : {7.5, -74.0}) {
      batch.items.emplace_back().body = ItemAt(longitude, properties);
    }
    Chunk chunk{.row_count = 2, .batches = {}};
    chunk.batches.push_back(BatchEncoder(&schema_, partitioner_, 0).Encode(std::move(batch)).ValueOrDie());
    return chunk;
  }

  Status Write(std::vector<Chunk> chunks, BoundedQueue<WrittenChunk>* out) {
    BoundedQueue<Chunk> in("in", 10, &cancel_);
    for (Chunk& chunk : chunks) ARROW_RETURN_NOT_OK(in.Push(std::move(chunk)));
    in.Close();
    return ChunkWriter(*catalog_, partitioner_, &schema_, 2, &cancel_).Run(&in, out);
  }

  size_t FilesInWarehouse() const { return DataFilesBelow(folder_ / "warehouse").size(); }

  const test::TempFolder folder_;
  CancelSource cancel_;
  const std::unique_ptr<catalog::Catalog> catalog_ =
      catalog::Catalog::OpenOrCreate({folder_ / "earthcatalog.db", folder_ / "warehouse"}, std::nullopt)
          .ValueOrDie();
  const std::shared_ptr<const grid::Partitioner> partitioner_ = catalog_->Partitioner().ValueOrDie();
  CurrentSchema schema_{catalog_->table().schema()};
};

TEST_F(ChunkWriterTest, ColumnsAndPartNumbersGoOnFromChunkToChunkBeforeAnythingIsCommitted) {
  BoundedQueue<WrittenChunk> out("out", 10, &cancel_);
  std::vector<Chunk> chunks;
  chunks.push_back(MakeChunk(0, R"(,"a":1)"));
  chunks.push_back(MakeChunk(1, R"(,"a":2)"));
  chunks.push_back(MakeChunk(2, R"(,"a":3,"b":"x")"));
  ASSERT_TRUE(Write(std::move(chunks), &out).ok());
  std::vector<uint64_t> added;
  std::vector<WrittenChunk> written;
  while (auto chunk = out.Pop().ValueOrDie()) {
    const std::string part = fmt::format("/part_{:06}_", written.size() + 1);
    ASSERT_EQ(chunk->files.files().size(), 2u);
    for (const iceberg::DataFile& file : chunk->files.files()) {
      EXPECT_THAT(file.path, testing::HasSubstr(part));
    }
    EXPECT_EQ(chunk->row_count, 2u);
    EXPECT_EQ(chunk->catalogued, 2u);
    added.push_back(chunk->columns_added);
    written.push_back(*std::move(chunk));
  }
  EXPECT_THAT(added, testing::ElementsAre(1u, 0u, 1u));
  EXPECT_EQ(written[1].schema->GetFieldIndex("b"), -1);
  EXPECT_NE(written[2].schema->GetFieldIndex("b"), -1);
  EXPECT_EQ(FilesInWarehouse(), 6u);
  written.clear();
  EXPECT_EQ(FilesInWarehouse(), 0u) << "nobody committed them";
}

TEST_F(ChunkWriterTest, NothingIsExpectedBehindTheFirstChunk) {
  Chunk chunk = MakeChunk(0, R"(,"a":1)");
  ASSERT_NE(schema_.Get().expected, nullptr);
  CurrentSchema other(schema_.Get().current);
  fetch::Batch batch{.sequence = 1, .items = {}};
  batch.items.emplace_back().body = ItemAt(7.5, R"(,"a":"x")");
  chunk.batches.push_back(BatchEncoder(&other, partitioner_, 0).Encode(std::move(batch)).ValueOrDie());
  BoundedQueue<WrittenChunk> out("out", 10, &cancel_);
  std::vector<Chunk> chunks;
  chunks.push_back(std::move(chunk));
  ASSERT_TRUE(Write(std::move(chunks), &out).ok());
  const auto column = schema_.Get().current->GetFieldByName("a");
  ASSERT_NE(column, nullptr);
  EXPECT_EQ(column->type()->ToString(), "double") << "two numbers and a text";
  const OverflowedColumns overflowed = out.Pop().ValueOrDie()->overflowed;
  ASSERT_EQ(overflowed.size(), 1u);
  EXPECT_EQ(overflowed.at("a").count, 1u);
  EXPECT_EQ(overflowed.at("a").value, "\"x\"");
  EXPECT_EQ(schema_.Get().expected, nullptr);
}

TEST_F(ChunkWriterTest, WritesNoFurtherAheadThanOneChunk) {
  BoundedQueue<WrittenChunk> out("out", 1, &cancel_);
  std::vector<Chunk> chunks;
  for (uint64_t i = 0; i < 3; ++i) chunks.push_back(MakeChunk(i, ""));
  std::thread writing([&] { EXPECT_TRUE(Write(std::move(chunks), &out).ok()); });
  std::vector<WrittenChunk> written;
  for (size_t files = 2; auto chunk = out.Pop().ValueOrDie(); files += 2) {
    written.push_back(*std::move(chunk));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_LE(FilesInWarehouse(), files + 2);
  }
  writing.join();
  EXPECT_EQ(written.size(), 3u);
}

TEST_F(ChunkWriterTest, AStoppedRunLeavesNoFileOfAWaitingChunk) {
  {
    BoundedQueue<WrittenChunk> out("out", 1, &cancel_);
    std::vector<Chunk> chunks;
    for (uint64_t i = 0; i < 3; ++i) chunks.push_back(MakeChunk(i, ""));
    std::thread writing([&] { EXPECT_EQ(KindOf(Write(std::move(chunks), &out)), ErrorKind::kInterrupted); });
    while (FilesInWarehouse() < 2) std::this_thread::yield();
    cancel_.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
    writing.join();
  }
  EXPECT_EQ(FilesInWarehouse(), 0u);
}

TEST_F(ChunkWriterTest, AnErrorInTheMiddleOfAChunkLeavesNoFileOfIt) {
  const std::string cell = partitioner_->Name(MakeChunk(0, "").batches[0].cells.cells[1]);
  fs::create_directories(folder_ / "warehouse");
  folder_.Write("warehouse/grid_partition=" + cell, "in the way");
  BoundedQueue<WrittenChunk> out("out", 1, &cancel_);
  std::vector<Chunk> chunks;
  chunks.push_back(MakeChunk(0, ""));
  EXPECT_FALSE(Write(std::move(chunks), &out).ok());
  EXPECT_EQ(FilesInWarehouse(), 0u);
}

}  // namespace
}  // namespace earthcatalog::ingest
