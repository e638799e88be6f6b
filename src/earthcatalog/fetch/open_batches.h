// The batches under way: which row to start next, what their bodies weigh, which slices are complete. Unlike
// at a ByteBudget nobody waits here: the one thread that decides asks whether there is room for a certain
// row.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <list>
#include <tuple>

#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/fetch/handed_on.h"

namespace earthcatalog::fetch {

// One thread, but Charge() from any, and a started row's item is whoever's fetches it until Finish().
class OpenBatches {
 private:
  struct Open {
    uint64_t sequence = 0;
    std::vector<Item> items;     // those of complete slices are empty
    std::vector<bool> finished;  // of each row
    size_t started = 0;          // rows
    size_t done = 0;             // the first row that is not finished
    uint32_t slice = 0;          // the slice that is not complete,
    size_t part_begin = 0;       // its first row,
    int64_t slice_bytes = 0;     // and the bodies of its rows before `done`
    std::list<Open>::iterator self;
  };

 public:
  // A started row. Valid until Finish().
  class Ticket {
   public:
    Item& item() const { return open_->items[index_]; }
    // Whether this row comes first, of two that are not finished.
    bool Before(const Ticket& other) const {
      return std::tie(open_->sequence, index_) < std::tie(other.open_->sequence, other.index_);
    }

   private:
    friend class OpenBatches;
    Open* open_ = nullptr;
    size_t index_ = 0;
  };

  // No row starts, or is asked for again, while more than `max_bytes` are held, here or by the next stages,
  // except the very next one (Options::max_buffered_bytes): its slice must always be able to end, or no
  // memory would be freed. A slice has at least `slice_bytes`, unless it is the last of its batch.
  // `released`: see HandedOn.
  OpenBatches(int64_t max_bytes, int64_t slice_bytes, std::function<void()> released)
      : max_bytes_(std::max<int64_t>(max_bytes, 1)),
        slice_bytes_(slice_bytes),
        handed_on_(std::move(released)) {}

  bool WantsBatch() const { return !HasUnstarted() && HasRoom(); }
  // Only when no row is left to start.
  void Add(inventory::Batch batch);

  bool HasUnstarted() const { return !open_.empty() && open_.back().started < open_.back().items.size(); }
  bool MayStart() const { return HasUnstarted() && HasRoomFor(open_.back(), open_.back().started); }
  // Only when MayStart().
  Ticket Start();
  // The row that Start() would give.
  const inventory::Row& Next() const { return open_.back().items[open_.back().started].row; }
  // Whether the body of a row that was started may be asked for, at first or again: as MayStart().
  bool HasRoomFor(const Ticket& ticket) const { return HasRoomFor(*ticket.open_, ticket.index_); }

  // The best guess of what the row's body will be: the inventory's size where it has one, else the average of
  // the bodies so far. Before the first one, a guess that keeps many from starting at once.
  int64_t ExpectedBytes(const inventory::Row& row) const;

  // The body of a row under way grew by `bytes`, or shrank.
  void Charge(int64_t bytes) { open_bytes_.fetch_add(bytes, std::memory_order_relaxed); }

  // The row's item has its body or its failure; what was charged for it is its body's size.
  void Finish(const Ticket& ticket);

  // Complete slices, in the order they were completed.
  bool HasComplete() const { return !complete_.empty(); }
  Batch& FrontComplete() { return complete_.front(); }
  void PopComplete() { complete_.pop_front(); }

  bool empty() const { return open_.empty() && complete_.empty(); }

 private:
  bool HasRoom() const { return open_bytes_ + handed_on_.bytes() < max_bytes_; }
  bool HasRoomFor(const Open& open, size_t row) const {
    return HasRoom() || (&open == &open_.front() && row == open.done &&
                         handed_on_.NoneBefore({open.sequence, open.slice}));
  }
  void EndSlices(Open* open);
  void MoveToComplete(Open* open);

  const int64_t max_bytes_;
  const int64_t slice_bytes_;
  HandedOn handed_on_;  // the complete slices, too
  std::atomic<int64_t> open_bytes_ = 0;
  uint64_t finished_rows_ = 0;
  // Of the last thousands.
  int64_t finished_bodies_ = 0;
  int64_t body_bytes_ = 0;
  std::list<Open> open_;  // oldest first; only the last one has rows to start
  std::deque<Batch> complete_;
};

}  // namespace earthcatalog::fetch
