// From nested Arrow columns to Parquet's levels.
//
// Every leaf column is a sequence of entries. An entry's definition level says how far down its path values
// are present, its repetition level which list it continues (0: it starts a row).
#pragma once

#include <arrow/array/data.h>
#include <arrow/record_batch.h>

#include <deque>
#include <functional>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/geoparquet/leaf_columns.h"

namespace earthcatalog::geoparquet {

struct Entries {
  std::vector<int16_t> definition;
  std::vector<int16_t> repetition;  // empty above the first list
  // Where the entry's value lies in its array, also when it is null; kNoSlot inside a missing or empty list.
  std::vector<int64_t> slots;

  size_t size() const { return definition.size(); }
  void clear();
};
inline constexpr int64_t kNoSlot = -1;

// One leaf column of a batch. Slot s is at position `base` + s of the array's buffers.
struct LeafEntries {
  const arrow::ArrayData& array;
  int64_t base;
  const Entries& entries;
};

// Calls `visit` with the position of each value that is present, in the buffers of its array.
template <typename Visit>
void ForEachValue(const LeafColumn& leaf, const LeafEntries& entries, const Visit& visit) {
  const Entries& all = entries.entries;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all.definition[i] == leaf.max_definition) visit(entries.base + all.slots[i]);
  }
}

// One thread at a time; keeps its buffers from walk to walk.
class LeafWalker {
 public:
  // `leaf` counts from 0 in the order of the file. The entries are valid during the call.
  using Visit = std::function<Status(size_t leaf, const LeafEntries& entries)>;

  // Errors: those of `visit`, and nulls in a column that must not have any.
  Status Walk(const arrow::RecordBatch& rows, const Visit& visit);

 private:
  // A node of the column tree, seen from its parent's entries.
  struct Node {
    const arrow::Field& field;
    const arrow::ArrayData& array;
    int64_t base;
    int16_t definition;  // level of an entry whose parents are all present
    int16_t repetition;
  };
  Status Descend(Node node, const Entries& parent, size_t depth);
  Entries* Scratch(size_t depth);

  std::deque<Entries> scratch_;
  const Visit* visit_ = nullptr;
  size_t next_leaf_ = 0;
};

}  // namespace earthcatalog::geoparquet
