#include "earthcatalog/ingest/flow_window.h"

#include <algorithm>

namespace earthcatalog::ingest {
namespace {

// Batches of unknown size that are under way before the first was measured.
constexpr size_t kFirstBatches = 2;
// Items whose average size is the estimate; when there are more, the older ones count half.
constexpr uint64_t kRememberedItems = 4096;
// A row weighs this even when its item is tiny.
constexpr int64_t kMinRowBytes = 512;

}  // namespace

FlowWindow::FlowWindow(int64_t budget_bytes, CancelSource* cancel) : budget_(budget_bytes), cancel_(cancel) {
  wake_up_ = cancel_->AddWakeUp([this] {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
}

FlowWindow::~FlowWindow() { cancel_->RemoveWakeUp(wake_up_); }

int64_t FlowWindow::EstimateLocked(uint64_t rows) const {
  const int64_t average =
      measured_items_ == 0 ? kAssumedItemBytes : measured_bytes_ / static_cast<int64_t>(measured_items_);
  return static_cast<int64_t>(rows) * std::max(average, kMinRowBytes);
}

Status FlowWindow::Admit(uint64_t sequence, uint64_t rows, int64_t known_bytes) {
  std::unique_lock lock(mutex_);
  int64_t wanted = 0;
  const auto answer = [&] {
    wanted = known_bytes > 0 ? known_bytes : EstimateLocked(rows);
    if (cancel_->stopped() || held_ == 0) return true;
    const bool guess = known_bytes <= 0 && !measured_any_;
    return held_ + wanted <= budget_ && !(guess && batches_.size() >= kFirstBatches);
  };
  if (!answer()) {
    ++waits_;
    changed_.wait(lock, answer);
  }
  if (cancel_->stopped()) {
    lock.unlock();
    return cancel_->status();
  }
  batches_.emplace(sequence, Admitted{rows, rows, wanted});
  held_ += wanted;
  return Status::OK();
}

void FlowWindow::Measure(uint64_t sequence, const Measured& measured) {
  std::lock_guard lock(mutex_);
  Admitted& batch = batches_.find(sequence)->second;
  const auto left = static_cast<int64_t>(batch.unmeasured_rows - measured.rows);
  // Divided first: a single row may claim any size.
  const int64_t estimate =
      left == 0 ? 0 : batch.estimate / static_cast<int64_t>(batch.unmeasured_rows) * left;
  held_ += measured.item_bytes + measured.failure_bytes + estimate - batch.estimate;
  batch.estimate = estimate;
  batch.unmeasured_rows -= measured.rows;
  measured_any_ = true;
  measured_items_ += measured.items;
  measured_bytes_ += measured.item_bytes;
  if (measured_items_ > kRememberedItems) {
    measured_items_ /= 2;
    measured_bytes_ /= 2;
  }
  changed_.notify_all();
}

uint64_t FlowWindow::waits() const {
  std::lock_guard lock(mutex_);
  return waits_;
}

void FlowWindow::Release(uint64_t sequence, uint64_t rows, int64_t bytes) {
  std::lock_guard lock(mutex_);
  const auto found = batches_.find(sequence);
  held_ -= bytes;
  found->second.rows -= rows;
  if (found->second.rows == 0) batches_.erase(found);
  changed_.notify_all();
}

}  // namespace earthcatalog::ingest
