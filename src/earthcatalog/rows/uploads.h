// Many small files on their way to a store that answers slowly.
#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "earthcatalog/base/byte_budget.h"
#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/queue.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::rows {

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
    int64_t weight;
  };

  void Run();

  const CancelSource* const cancel_;
  CancelSource stop_;  // by the first error of any file, or the end
  ByteBudget held_;    // of files that wait or are being written
  BoundedQueue<File> waiting_;
  std::vector<std::thread> threads_;
};

}  // namespace earthcatalog::rows
