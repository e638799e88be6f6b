// How far the stages may run ahead of the commit. Batches finish in any order but are used in inventory
// order, so one slow request lets finished batches pile up behind it; this window bounds them by bytes.
// Beyond a ByteBudget it holds an account for each batch, whose estimate is replaced by what was measured.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "earthcatalog/base/cancel.h"

namespace earthcatalog::ingest {

// What an item of unknown size may take, before any was seen. Most STAC items have 1-25 KB.
inline constexpr int64_t kAssumedItemBytes = 96 << 10;

// Thread-safe. A batch is admitted before it is fetched (its size estimated); its rows, at once or in slices,
// are measured when fetched, and released when they were taken in order.
class FlowWindow {
 public:
  // `cancel` outlives the window.
  FlowWindow(int64_t budget_bytes, CancelSource* cancel);
  ~FlowWindow();
  FlowWindow(const FlowWindow&) = delete;
  FlowWindow& operator=(const FlowWindow&) = delete;

  // Waits until a batch of `rows` items fits, or nothing else is under way (so the next batch always gets
  // in). `known_bytes`: what the inventory says of its size, 0 when it does not.
  Status Admit(uint64_t sequence, uint64_t rows, int64_t known_bytes);

  struct Measured {
    uint64_t rows = 0;
    uint64_t items = 0;  // of these
    int64_t item_bytes = 0;
    int64_t failure_bytes = 0;  // the other rows'
  };
  // What rows of the batch turned out to be; the others keep their share of the estimate. Only items count
  // for the estimate of what comes: failures are small, whatever the size of the items.
  void Measure(uint64_t sequence, const Measured& measured);

  // Rows that were measured, and what they weighed.
  void Release(uint64_t sequence, uint64_t rows, int64_t bytes);

  // Calls of Admit() so far that could not be answered at once.
  uint64_t waits() const;

 private:
  struct Admitted {
    uint64_t rows;  // not released yet
    uint64_t unmeasured_rows;
    int64_t estimate;  // of the unmeasured rows
  };
  int64_t EstimateLocked(uint64_t rows) const;

  const int64_t budget_;
  CancelSource* const cancel_;
  int wake_up_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<uint64_t, Admitted> batches_;  // by sequence
  int64_t held_ = 0;                                // what is measured and not released, and the estimates
  bool measured_any_ = false;
  uint64_t waits_ = 0;
  // Of the last thousands of items.
  uint64_t measured_items_ = 0;
  int64_t measured_bytes_ = 0;
};

}  // namespace earthcatalog::ingest
