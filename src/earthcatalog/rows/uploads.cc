#include "earthcatalog/rows/uploads.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "earthcatalog/base/thread_group.h"

namespace earthcatalog::rows {

Uploads::Uploads(int threads, int64_t max_bytes, const CancelSource* cancel)
    : cancel_(cancel),
      held_(max_bytes, &stop_),
      waiting_("uploads", std::numeric_limits<size_t>::max(), &stop_) {
  try {
    while (static_cast<int>(threads_.size()) < threads) threads_.emplace_back([this] { Run(); });
  } catch (const std::system_error&) {  // no more threads: those there are do the work
  }
}

Uploads::~Uploads() {
  stop_.Fail(MakeError(ErrorKind::kInterrupted, "nobody waits for these files"));
  for (std::thread& thread : threads_) thread.join();
}

Status Uploads::Add(io::Location file, std::shared_ptr<arrow::Buffer> bytes) {
  if (threads_.empty()) return io::WriteFileAtomically(file, std::string_view(*bytes));
  const int64_t weight = std::max<int64_t>(bytes->size(), 1);  // Finish() waits for empty files, too
  ARROW_RETURN_NOT_OK(held_.Take(weight));
  return waiting_.Push({std::move(file), std::move(bytes), weight});
}

Status Uploads::Finish() { return held_.AwaitEmpty(); }

void Uploads::Run() {
  while (true) {
    const Result<std::optional<File>> next = waiting_.Pop();
    if (!next.ok()) return;  // stopped
    const File& file = **next;
    const Status written = cancel_->stopped() ? cancel_->status() : CatchExceptions([&] {
      return io::WriteFileAtomically(file.location, std::string_view(*file.bytes));
    });
    if (!written.ok()) stop_.Fail(written);
    held_.Give(file.weight);
  }
}

}  // namespace earthcatalog::rows
