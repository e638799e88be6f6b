// A chunk: consecutive batches, or slices of them, in inventory order, written and committed together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "earthcatalog/base/queue.h"
#include "earthcatalog/ingest/encode.h"
#include "earthcatalog/ingest/flow_window.h"
#include "earthcatalog/rows/fan_out.h"

namespace earthcatalog::ingest {

struct Chunk {
  uint64_t row_count = 0;  // inventory rows, the failed ones too
  std::vector<EncodedBatch> batches;
};

// What is left of a chunk when its failures are taken care of.
std::vector<rows::AssignedItems> TakeItems(Chunk chunk);

// Puts batches and their slices back into order and cuts chunks: after `chunk_size` rows, or earlier so that
// the rows as they will be written, and the failures, stay within `max_bytes`, if not a single slice is
// larger. Where a chunk ends depends on the data alone, never on timing.
class ChunkAssembler {
 public:
  // `window` outlives the assembler.
  ChunkAssembler(std::optional<uint64_t> chunk_size, int64_t max_bytes, FlowWindow* window)
      : chunk_size_(chunk_size), max_bytes_(max_bytes), window_(window) {}

  // Run by one thread; closes `out` at the end.
  Status Run(BoundedQueue<EncodedBatch>* in, BoundedQueue<Chunk>* out);

 private:
  Status Add(EncodedBatch batch, BoundedQueue<Chunk>* out);
  Status Cut(BoundedQueue<Chunk>* out);

  const std::optional<uint64_t> chunk_size_;
  const int64_t max_bytes_;
  FlowWindow* const window_;
  using Turn = std::pair<uint64_t, uint32_t>;  // sequence and slice
  std::map<Turn, EncodedBatch> early_;         // arrived before their turn
  Turn next_;
  Chunk chunk_;
  int64_t written_bytes_ = 0;  // estimate for chunk_: an item counts once for each of its cells, and failures
};

}  // namespace earthcatalog::ingest
