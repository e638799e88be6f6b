// The batches under way: which row to start next, what their bodies weigh, which batches are complete.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <list>

#include "earthcatalog/fetch/fetcher.h"

namespace earthcatalog::fetch {

// Not thread-safe.
class OpenBatches {
 private:
  struct Open {
    Batch batch;
    size_t started = 0;
    size_t finished = 0;
    int64_t bytes = 0;
    std::list<Open>::iterator self;
  };

 public:
  // A started row. Valid until Finish().
  class Ticket {
   public:
    Item& item() const { return open_->batch.items[index_]; }

   private:
    friend class OpenBatches;
    Open* open_ = nullptr;
    size_t index_ = 0;
  };

  // No new row starts while more than `max_bytes` are held, except the rows of the oldest batch: that one
  // must always be able to end, or nothing would be handed on and no memory freed.
  explicit OpenBatches(int64_t max_bytes) : max_bytes_(std::max<int64_t>(max_bytes, 1)) {}

  bool WantsBatch() const { return !HasUnstarted() && held_bytes_ < max_bytes_; }
  // Only when no row is left to start.
  void Add(inventory::Batch batch);

  bool HasUnstarted() const {
    return !open_.empty() && open_.back().started < open_.back().batch.items.size();
  }
  bool MayStart() const { return HasUnstarted() && (held_bytes_ < max_bytes_ || open_.size() == 1); }
  // Only when MayStart().
  Ticket Start();
  // The row that Start() would give.
  const inventory::Row& Next() const { return open_.back().batch.items[open_.back().started].row; }
  // Whether the body of a row that was started without asking for it may be asked for: as MayStart().
  bool HasRoomFor(const Ticket& ticket) const {
    return held_bytes_ < max_bytes_ || ticket.open_ == &open_.front();
  }

  // The best guess of what the row's body will be: the inventory's size where it has one, else the average of
  // the bodies so far. Before the first one, a guess that keeps many from starting at once.
  int64_t ExpectedBytes(const inventory::Row& row) const;

  // The row's body grew by `bytes`, or shrank.
  void Charge(const Ticket& ticket, int64_t bytes);

  // The row's item has its body or its failure.
  void Finish(const Ticket& ticket);

  // Complete batches, oldest first. Their bytes count until PopComplete.
  bool HasComplete() const { return !complete_.empty(); }
  Batch& FrontComplete() { return complete_.front().batch; }
  void PopComplete();

  bool empty() const { return open_.empty() && complete_.empty(); }

 private:
  struct Complete {
    Batch batch;
    int64_t bytes;
  };

  void MoveToComplete(Open* open);

  const int64_t max_bytes_;
  int64_t held_bytes_ = 0;
  uint64_t finished_rows_ = 0;
  // Of the last thousands.
  int64_t finished_bodies_ = 0;
  int64_t body_bytes_ = 0;
  std::list<Open> open_;  // oldest first; only the last one has rows to start
  std::deque<Complete> complete_;
};

}  // namespace earthcatalog::fetch
