#include "earthcatalog/jobs/incremental_options.h"

#include "earthcatalog/base/text.h"

namespace earthcatalog::jobs {
namespace {

constexpr int64_t kMinMemoryLimit = 128LL << 20;
constexpr int kMaxThreads = 256;

}  // namespace

Status CheckOptions(const IncrementalOptions& options) {
  if (options.inventory.empty() && !options.retry_failed)
    return UsageError("no inventory given (option `inventory`)");
  if (options.catalog_db.empty()) return UsageError("no catalog file given (option `catalog`)");
  if (options.warehouse.empty()) return UsageError("no warehouse given (option `warehouse`)");
  if (options.chunk_size == 0) return UsageError("the chunk size must be at least 1");
  if (options.max_in_flight < 1 || options.max_in_flight > 4096) {
    return UsageError("the number of workers must be between 1 and 4096, not {}", options.max_in_flight);
  }
  if (options.threads < 0 || options.threads > kMaxThreads) {
    return UsageError("the number of threads must be between 1 and {}, or 0 for one per core, not {}",
                      kMaxThreads, options.threads);
  }
  if (options.memory_limit < kMinMemoryLimit) {
    return UsageError("the memory limit must be at least 128MiB, not {}",
                      FormatByteSize(options.memory_limit));
  }
  return Status::OK();
}

}  // namespace earthcatalog::jobs
