// Many small files on their way to a store that answers slowly.
#pragma once

#include <arrow/buffer.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::pipeline {

// Writes files in threads of its own, which do little but wait. Add() from any thread.
class Uploads {
 public:
  // At most `max_bytes` are held, unless a single file is larger. `cancel` outlives this.
  Uploads(int threads, int64_t max_bytes, const CancelSource* cancel);
  // Ends what is under way; files not begun are not written.
  ~Uploads();
  Uploads(const Uploads&) = delete;
  Uploads& operator=(const Uploads&) = delete;

  // Waits for a place. The first error of any file, or that of `cancel`.
  Status Add(io::Location file, std::shared_ptr<arrow::Buffer> bytes);
  // Waits until all files are written. The first error.
  Status Finish();

 private:
  struct File {
    io::Location location;
    std::shared_ptr<arrow::Buffer> bytes;
  };

  void Run();

  const int64_t max_bytes_;
  const CancelSource* const cancel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<File> waiting_;  // this and what follows: guarded
  int64_t held_bytes_ = 0;    // waiting, or being written
  Status status_;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace earthcatalog::pipeline
