// Which rows of an inventory are of objects that the table has ingested.
#pragma once

#include <cstdint>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/keys/sorted_runs.h"

namespace earthcatalog::ingest {

class KnownRows {
 public:
  // None is known.
  KnownRows() = default;

  // Reads the inventory to its end and asks `known` for the objects of all its rows in one pass. Of rows of
  // the same object, unchanged, all but the last count as known. Memory: a bit for each selected row beside
  // that of sorting.
  static Result<KnownRows> Find(inventory::Reader* rows, keys::StreamPtr<keys::kKeyBytes> known,
                                const keys::SortOptions& sort, const ProgressCallback& progress,
                                const CancelSource& cancel);

  // Of the row with this number among the selected ones.
  bool Contains(uint64_t selected_number) const {
    return selected_number < known_.size() && known_[selected_number];
  }
  bool empty() const { return known_.empty(); }
  // Rows that do not say when the object was last modified, so none of them is known.
  uint64_t without_date() const { return without_date_; }

 private:
  std::vector<bool> known_;
  uint64_t without_date_ = 0;
};

}  // namespace earthcatalog::ingest
