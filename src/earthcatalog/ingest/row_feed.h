// The head of the pipeline: inventory rows, cut into batches that never cross a chunk's end.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "earthcatalog/base/queue.h"
#include "earthcatalog/ingest/flow_window.h"
#include "earthcatalog/ingest/snapshot_notes.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::ingest {

// How far the sources are behind a number of rows fed.
struct FeedPosition {
  std::optional<InventoryProgress> inventory;    // nothing: not begun
  std::vector<std::string> finished_quarantine;  // files, as given to AddQuarantine
  // Of the file that is not finished, if any: how many rows from its start.
  std::string unfinished_quarantine;
  uint64_t unfinished_rows = 0;
};

// Several inventories read as one: first the quarantined rows that a run takes up again, then the inventory
// itself, without those rows. No row comes twice from the quarantine or from both: one that is in several
// quarantine files comes from the last of them, so that what is behind a commit is never in a file behind
// which the next run goes on.
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
  // The first rows of the inventory are behind a commit: counted, not fed. With `all` no other row is read.
  void SkipDone(const InventoryProgress& progress, bool all);
  // The rows of a quarantine file but the first `rows_done`, fed before the inventory's; filters do not apply
  // to them. Reads it once now, for its rows' names, and again when its turn comes.
  Status AddQuarantine(const io::Location& file, uint64_t rows_done = 0);

  // Pushes all rows and closes `out`. Run by one thread.
  Status Run(BoundedQueue<inventory::Batch>* out, FlowWindow* window);

  // What was read so far; any thread. Quarantined rows are counted as rows and selected too.
  inventory::Counts counts() const;
  // Whether the counts are final; any thread.
  bool finished() const { return finished_; }
  // Where the sources are behind the first `rows` rows fed, not less than in a call before. Where these end
  // with a portion that was read, what follows without giving a row is behind them, too. Any thread.
  FeedPosition PositionAt(uint64_t rows);

 private:
  struct Source {
    std::optional<io::Location> quarantine;     // the file; nothing: the inventory
    uint64_t rows_done = 0;                     // of the quarantine file
    std::unique_ptr<inventory::Reader> reader;  // of a quarantine file only while it is its turn
    inventory::Counts counts{};                 // when it has ended
  };
  struct QuarantinedPlace {
    size_t source;
    uint64_t row_number;
  };
  // Rows of one source.
  struct Portion {
    std::vector<inventory::Row> rows;
    size_t source = 0;
  };
  // Where a source is when `fed` rows have been fed: a mark for each row, since a chunk may end in a batch.
  struct Mark {
    uint64_t fed = 0;
    size_t source = 0;
    InventoryProgress progress;
  };
  Result<std::optional<Portion>> NextPortion();
  // The next rows of a source; nothing at its end.
  Result<std::optional<inventory::Batch>> Read(Source* source);
  void DropRowsOfOtherPlaces(size_t source, inventory::Batch* batch);
  Status Feed(Portion portion, BoundedQueue<inventory::Batch>* out, FlowWindow* window);
  void MarkEnded();
  void SetMarks(const std::vector<Mark>& marks);
  int64_t WeightOf(const inventory::Row& row) const;
  size_t NextBatchRows() const;
  void Publish();

  const inventory::Options options_;
  const Limits limits_;
  std::vector<Source> sources_;  // the inventory last
  size_t reading_ = 0;           // the source whose turn it is
  inventory::Counts ended_counts_;
  std::vector<size_t> ended_;  // sources that have ended since the last portion
  // Of each quarantined row, by bucket, NUL, key: the last place.
  std::unordered_map<std::string, QuarantinedPlace> quarantined_;
  uint64_t sequence_ = 0;
  uint64_t rows_taken_ = 0;  // fed, or to be fed next
  uint64_t rows_fed_ = 0;
  uint64_t duplicates_ = 0;     // quarantined rows that are in a newer file, too
  uint64_t retried_ = 0;        // the inventory's rows that came from the quarantine before
  uint64_t selected_done_ = 0;  // of the inventory, before this run
  uint64_t rows_all_done_ = 0;  // of an inventory that is not read, since it is behind a commit as a whole
  std::atomic<bool> finished_ = false;

  mutable std::mutex mutex_;
  inventory::Counts counts_;  // guarded, as are the following
  std::deque<Mark> marks_;
  FeedPosition position_;  // what earlier marks come to
};

}  // namespace earthcatalog::ingest
