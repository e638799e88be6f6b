#include "earthcatalog/ingest/chunk.h"

#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace earthcatalog::ingest {
namespace {

using testing::ElementsAre;

EncodedBatch MakeBatch(uint64_t sequence, uint64_t rows, int64_t source_bytes, uint32_t cells_per_item = 1) {
  EncodedBatch batch;
  batch.sequence = sequence;
  batch.row_count = rows;
  batch.source_bytes = source_bytes;
  const auto ids = arrow::json::ArrayFromJSONString(arrow::utf8(), "[\"a\"]").ValueOrDie();
  batch.rows = arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::utf8())}), 1, {ids});
  batch.cells.offsets = {0, cells_per_item};
  batch.cells.cells.assign(cells_per_item, 7);
  batch.held = std::make_shared<int>();
  return batch;
}

class ChunkAssemblerTest : public testing::Test {
 protected:
  // Feeds the batches in the given order; returns the sequences of each chunk.
  std::vector<std::vector<uint64_t>> Assemble(std::vector<EncodedBatch> batches,
                                              std::optional<uint64_t> chunk_size, int64_t max_bytes) {
    CancelSource cancel;
    FlowWindow window(1 << 30, &cancel);
    BoundedQueue<EncodedBatch> in("in", 100, &cancel);
    BoundedQueue<Chunk> out("out", 100, &cancel);
    std::set<uint64_t> admitted;
    for (EncodedBatch& batch : batches) {
      if (admitted.insert(batch.sequence).second) {
        EXPECT_TRUE(window.Admit(batch.sequence, 1000, 1).ok());
      }
      window.Measure(batch.sequence, {batch.row_count, 1, batch.source_bytes, batch.failure_bytes});
      EXPECT_TRUE(in.Push(std::move(batch)).ok());
    }
    in.Close();
    ChunkAssembler assembler(chunk_size, max_bytes, &window);
    EXPECT_TRUE(assembler.Run(&in, &out).ok());
    std::vector<std::vector<uint64_t>> chunks;
    while (auto chunk = out.Pop().ValueOrDie()) {
      chunks.emplace_back();
      for (const EncodedBatch& batch : chunk->batches) {
        chunks.back().push_back(batch.sequence);
        EXPECT_EQ(batch.held, nullptr) << "it counts as the chunk's now";
      }
    }
    return chunks;
  }

  std::vector<EncodedBatch> Batches(const std::vector<uint64_t>& order) {
    std::vector<EncodedBatch> batches;
    for (const uint64_t sequence : order) batches.push_back(MakeBatch(sequence, 10, 100));
    return batches;
  }
};

TEST_F(ChunkAssemblerTest, ChunksDoNotDependOnTheOrderOfArrival) {
  const auto expected = ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3), ElementsAre(4));
  EXPECT_THAT(Assemble(Batches({0, 1, 2, 3, 4}), 20, 1 << 20), expected);
  EXPECT_THAT(Assemble(Batches({4, 3, 2, 1, 0}), 20, 1 << 20), expected);
  EXPECT_THAT(Assemble(Batches({2, 0, 4, 1, 3}), 20, 1 << 20), expected);
}

TEST_F(ChunkAssemblerTest, TheMemoryLimitEndsAChunkEarly) {
  EXPECT_THAT(Assemble(Batches({0, 1, 2}), 1000, 250), ElementsAre(ElementsAre(0, 1), ElementsAre(2)));
  EXPECT_THAT(Assemble(Batches({0, 1, 2}), std::nullopt, 100),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2)));
}

TEST_F(ChunkAssemblerTest, FailuresEndAChunkToo) {
  std::vector<EncodedBatch> batches;
  for (uint64_t i = 0; i < 4; ++i) {
    batches.push_back(MakeBatch(i, 10, 0));
    batches.back().failure_bytes = 100;
  }
  EXPECT_THAT(Assemble(std::move(batches), std::nullopt, 250),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3)));
}

TEST_F(ChunkAssemblerTest, AChunkIsOnlyLargerThanTheLimitWhenABatchIs) {
  std::vector<EncodedBatch> batches;
  batches.push_back(MakeBatch(0, 10, 100));
  batches.push_back(MakeBatch(1, 10, 900));
  batches.push_back(MakeBatch(2, 10, 100));
  EXPECT_THAT(Assemble(std::move(batches), std::nullopt, 500),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2)));
}

TEST_F(ChunkAssemblerTest, AnItemCountsOnceForEachCell) {
  std::vector<EncodedBatch> batches;
  batches.push_back(MakeBatch(0, 10, 100, /*cells_per_item=*/30));
  batches.push_back(MakeBatch(1, 10, 100));
  EXPECT_THAT(Assemble(std::move(batches), std::nullopt, 3000), ElementsAre(ElementsAre(0), ElementsAre(1)));
}

TEST_F(ChunkAssemblerTest, APartIsTakenInItsTurn) {
  const std::vector<std::pair<uint64_t, uint32_t>> turns = {{0, 0}, {0, 1}, {1, 0}, {2, 0}, {2, 1}, {2, 2}};
  const auto slices = [&](std::vector<size_t> order) {
    std::vector<EncodedBatch> batches;
    for (const size_t i : order) {
      batches.push_back(MakeBatch(turns[i].first, 10, static_cast<int64_t>(100 + i)));
      batches.back().slice = turns[i].second;
      batches.back().last = i + 1 == turns.size() || turns[i + 1].first != turns[i].first;
    }
    return batches;
  };
  const auto expected = ElementsAre(ElementsAre(0, 0, 1), ElementsAre(2, 2, 2));
  EXPECT_THAT(Assemble(slices({0, 1, 2, 3, 4, 5}), std::nullopt, 320), expected);
  EXPECT_THAT(Assemble(slices({5, 4, 2, 3, 1, 0}), std::nullopt, 320), expected);
}

// A chunk that memory ended within a batch leaves the following ones no longer than the rest.
TEST_F(ChunkAssemblerTest, NoChunkHasMoreRowsThanAskedFor) {
  std::vector<EncodedBatch> batches;
  for (uint32_t i = 0; i < 3; ++i) {
    batches.push_back(MakeBatch(0, 10, i == 1 ? 900 : 100));
    batches.back().slice = i;
    batches.back().last = i == 2;
  }
  batches.push_back(MakeBatch(1, 30, 100));
  EXPECT_THAT(Assemble(std::move(batches), 30, 500),
              ElementsAre(ElementsAre(0), ElementsAre(0), ElementsAre(0), ElementsAre(1)));
}

}  // namespace
}  // namespace earthcatalog::ingest
