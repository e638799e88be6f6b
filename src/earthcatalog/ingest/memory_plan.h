// How much of the memory limit each part of a run may hold.
#pragma once

#include <algorithm>
#include <cstdint>

namespace earthcatalog::ingest {

// How the memory limit is shared out, by what each part was measured to hold per byte of JSON
// (docs/design.md).
struct MemoryPlan {
  // The process itself: its libraries, threads and requests.
  static constexpr int64_t kBaseMemory = 80LL << 20;
  // One column of a chunk must stay below Arrow's 2 GiB of text. A chunk is larger only when a single batch
  // is.
  static constexpr int64_t kMaxChunkBytes = 512LL << 20;
  static constexpr int64_t kMaxBatchBytes = 64LL << 20;
  static constexpr int64_t kMaxItemBytes = 64LL << 20;

  explicit MemoryPlan(int64_t limit)
      : window((limit - kBaseMemory) / 8),
        chunk(std::min(window, kMaxChunkBytes)),
        batch(std::min(window / 8, kMaxBatchBytes)),
        item(std::min(window / 2, kMaxItemBytes)) {}
  int64_t window;
  int64_t chunk;
  int64_t batch;
  int64_t item;  // larger ones are quarantined
};

}  // namespace earthcatalog::ingest
