// The head of the flow: rows, cut into batches that never cross a chunk's end.
#pragma once

#include <atomic>
#include <optional>

#include "earthcatalog/base/queue.h"
#include "earthcatalog/ingest/feed_marks.h"
#include "earthcatalog/ingest/flow_window.h"
#include "earthcatalog/ingest/row_sources.h"
#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::ingest {

class RowFeed {
 public:
  struct Limits {
    std::optional<uint64_t> chunk_size{};  // rows per chunk, nothing for no fixed one
    // Of a batch, unless a single row is larger. Rows count by the size the inventory tells, or a guess.
    int64_t batch_bytes = int64_t{1} << 40;
    int64_t item_bytes = 64 << 20;  // larger ones are refused before they take memory
  };
  // `sources` outlives the feed; while Run() reads it nobody else does.
  RowFeed(RowSources* sources, const Limits& limits) : sources_(sources), limits_(limits) {}

  // Pushes all rows and closes `out`. Run by one thread.
  Status Run(BoundedQueue<inventory::Batch>* out, FlowWindow* window);

  // Whether all rows were read, so that the sources' counts are final; any thread.
  bool finished() const { return finished_; }
  // Where the sources are behind the first `rows` rows fed, not less than in a call before. Where these end
  // with a portion that was read, what follows without giving a row is behind them, too. Any thread.
  FeedPosition PositionAt(uint64_t rows) { return marks_.PositionAt(rows); }

 private:
  Result<std::optional<RowSources::Portion>> NextPortion();
  Status Feed(RowSources::Portion portion, BoundedQueue<inventory::Batch>* out, FlowWindow* window);
  // The sources that had no row behind those that are being fed.
  void MarkEnded();
  int64_t WeightOf(const inventory::Row& row) const;
  size_t NextBatchRows() const;

  RowSources* const sources_;
  const Limits limits_;
  FeedMarks marks_;
  std::vector<RowSources::Ended> ended_;  // behind the portion that is being fed
  uint64_t sequence_ = 0;
  uint64_t rows_taken_ = 0;  // fed, or to be fed next
  uint64_t rows_fed_ = 0;
  std::atomic<bool> finished_ = false;
};

}  // namespace earthcatalog::ingest
