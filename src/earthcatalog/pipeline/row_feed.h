// The head of the pipeline: inventory rows, cut into batches that never cross a chunk's end.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "earthcatalog/base/queue.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/io/location.h"
#include "earthcatalog/pipeline/flow_window.h"

namespace earthcatalog::pipeline {

// Several inventories read as one: first the quarantined rows that a run takes up again, then the inventory
// itself, without those rows. No row comes twice from the quarantine or from both.
class RowFeed {
 public:
  struct Limits {
    std::optional<uint64_t> chunk_size{};  // rows per chunk, nothing for no fixed one
    // Of a batch, unless a single row is larger. Rows count by the size the inventory tells, or a guess.
    int64_t batch_bytes = int64_t{1} << 40;
    int64_t item_bytes = 64 << 20;  // larger ones are refused before they take memory
  };
  RowFeed(inventory::Options options, const Limits& limits);

  // Opens the inventory now, so that what is wrong with it is known before anything is made.
  Status AddInventory(const std::string& path_or_uri);
  // The rows of a quarantine file, fed before the inventory's; filters do not apply to them.
  Status AddQuarantine(const io::Location& file);

  // Pushes all rows and closes `out`. Run by one thread.
  Status Run(BoundedQueue<inventory::Batch>* out, FlowWindow* window);

  // What was read so far; any thread. Quarantined rows are counted as rows and selected too.
  inventory::Counts counts() const;
  // Whether the counts are final; any thread.
  bool finished() const { return finished_; }
  // The quarantine files whose rows all lie within the first `rows` rows fed; any thread.
  std::vector<std::string> QuarantineFilesWithin(uint64_t rows) const;

 private:
  struct Source {
    std::unique_ptr<inventory::Reader> reader;
    std::string quarantine_file;  // empty for the inventory
    bool escaped;                 // its buckets and keys are percent-encoded
  };
  Status FeedSource(Source* source, BoundedQueue<inventory::Batch>* out, FlowWindow* window);
  Result<std::optional<inventory::Batch>> NextBatch(Source* source);
  void DropRowsSeenBefore(const Source& source, inventory::Batch* batch);
  Status FeedBatch(inventory::Batch batch, BoundedQueue<inventory::Batch>* out, FlowWindow* window);
  void Finish(const Source& source);
  int64_t WeightOf(const inventory::Row& row) const;
  size_t NextBatchRows() const;
  void Publish();

  const inventory::Options options_;
  const Limits limits_;
  std::vector<Source> sources_;                  // the inventory last
  std::unordered_set<std::string> quarantined_;  // bucket, NUL, key
  uint64_t sequence_ = 0;
  uint64_t rows_taken_ = 0;  // fed, or to be fed next
  uint64_t duplicates_ = 0;  // quarantined rows that were in an older file, too
  uint64_t retried_ = 0;     // the inventory's rows that came from the quarantine before
  std::atomic<bool> finished_ = false;

  mutable std::mutex mutex_;
  inventory::Counts counts_;  // guarded
  std::vector<std::pair<uint64_t, std::string>>
      finished_quarantine_;  // rows fed when it ended, file; guarded
};

}  // namespace earthcatalog::pipeline
