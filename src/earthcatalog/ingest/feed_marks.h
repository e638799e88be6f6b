// Which sources of rows are behind a number of rows: what a commit says of them.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/ingest/snapshot_notes.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::ingest {

// How far the sources are behind a number of rows fed.
struct FeedPosition {
  std::optional<InventoryProgress> inventory;    // nothing: not begun
  std::vector<std::string> finished_quarantine;  // paths of files
  // Of the file that is not finished, if any: how many rows from its start.
  std::string unfinished_quarantine;
  uint64_t unfinished_rows = 0;
};

// Thread-safe.
class FeedMarks {
 public:
  // Where a source is when `fed` rows have been fed.
  struct Mark {
    uint64_t fed = 0;
    const io::Location* quarantine = nullptr;  // the file, which outlives the marks; null: the inventory
    InventoryProgress progress;
  };

  // In the order of `fed`.
  void Add(const std::vector<Mark>& marks);

  // Where the sources are behind the first `rows` rows fed, not less than in a call before.
  FeedPosition PositionAt(uint64_t rows);

 private:
  std::mutex mutex_;
  std::deque<Mark> marks_;  // guarded, as is the following
  FeedPosition position_;   // what earlier marks come to
};

}  // namespace earthcatalog::ingest
