#include "earthcatalog/pipeline/flow_window.h"

#include <algorithm>

namespace earthcatalog::pipeline {
namespace {

// Before anything was measured; STAC items are 1-25 KB.
constexpr int64_t kAssumedItemBytes = 16 << 10;

}  // namespace

FlowWindow::FlowWindow(int64_t budget_bytes, CancelSource* cancel) : budget_(budget_bytes), cancel_(cancel) {
  wake_up_ = cancel_->AddWakeUp([this] {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
}

FlowWindow::~FlowWindow() { cancel_->RemoveWakeUp(wake_up_); }

int64_t FlowWindow::EstimateLocked(uint64_t rows) const {
  const int64_t per_row =
      measured_rows_ == 0 ? kAssumedItemBytes : measured_bytes_ / static_cast<int64_t>(measured_rows_) + 1;
  return static_cast<int64_t>(rows) * per_row;
}

Status FlowWindow::Admit(uint64_t sequence, uint64_t rows, int64_t known_bytes) {
  std::unique_lock lock(mutex_);
  int64_t wanted = 0;
  changed_.wait(lock, [&] {
    wanted = known_bytes > 0 ? known_bytes : EstimateLocked(rows);
    return cancel_->stopped() || held_ == 0 || held_ + wanted <= budget_;
  });
  if (cancel_->stopped()) {
    lock.unlock();
    return cancel_->status();
  }
  batches_.emplace(sequence, wanted);
  held_ += wanted;
  return Status::OK();
}

void FlowWindow::Measure(uint64_t sequence, uint64_t rows, int64_t bytes) {
  std::lock_guard lock(mutex_);
  int64_t& held = batches_[sequence];
  held_ += bytes - held;
  held = bytes;
  measured_rows_ += rows;
  measured_bytes_ += bytes;
  changed_.notify_all();
}

void FlowWindow::Release(uint64_t sequence) {
  std::lock_guard lock(mutex_);
  const auto found = batches_.find(sequence);
  held_ -= found->second;
  batches_.erase(found);
  changed_.notify_all();
}

}  // namespace earthcatalog::pipeline
