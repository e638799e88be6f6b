#include "earthcatalog/pipeline/uploads.h"

#include <algorithm>
#include <system_error>

#include "earthcatalog/base/thread_group.h"

namespace earthcatalog::pipeline {

Uploads::Uploads(int threads, int64_t max_bytes, const CancelSource* cancel)
    : max_bytes_(max_bytes), cancel_(cancel) {
  try {
    while (static_cast<int>(threads_.size()) < threads) threads_.emplace_back([this] { Run(); });
  } catch (const std::system_error&) {  // no more threads: those there are do the work
  }
}

Uploads::~Uploads() {
  {
    std::lock_guard lock(mutex_);
    ended_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Status Uploads::Add(io::Location file, std::shared_ptr<arrow::Buffer> bytes) {
  if (threads_.empty()) return io::WriteFileAtomically(file, std::string_view(*bytes));
  const int64_t size = bytes->size();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !status_.ok() || held_bytes_ == 0 || held_bytes_ + size <= max_bytes_; });
  ARROW_RETURN_NOT_OK(status_);
  held_bytes_ += size;
  waiting_.push_back({std::move(file), std::move(bytes)});
  changed_.notify_all();
  return Status::OK();
}

Status Uploads::Finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !status_.ok() || held_bytes_ == 0; });
  return status_;
}

void Uploads::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return ended_ || !waiting_.empty(); });
    if (ended_) return;
    const File file = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    const Status written = cancel_->stopped() ? cancel_->status() : CatchExceptions([&] {
      return io::WriteFileAtomically(file.location, std::string_view(*file.bytes));
    });
    lock.lock();
    if (!written.ok() && status_.ok()) status_ = written;
    held_bytes_ -= file.bytes->size();
    changed_.notify_all();
  }
}

}  // namespace earthcatalog::pipeline
