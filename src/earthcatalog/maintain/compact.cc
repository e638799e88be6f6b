#include "earthcatalog/maintain/compact.h"

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "earthcatalog/base/process.h"
#include "earthcatalog/base/report_text.h"
#include "earthcatalog/catalog/lock.h"
#include "earthcatalog/catalog/unique_mark.h"
#include "earthcatalog/maintain/compaction.h"

namespace earthcatalog::maintain {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPasses = 3;
constexpr int64_t kLeastMemory = 64LL << 20;

Status CheckOptions(const CompactOptions& options) {
  if (options.threshold < 1) {
    return UsageError("the threshold must be at least 1 file, not {}", options.threshold);
  }
  if (options.target_bytes < 1) return UsageError("the target size must be at least 1 byte");
  if (options.memory_bytes < kLeastMemory) return UsageError("the memory limit must be at least 64MiB");
  if (options.buckets_per_commit < 0 || options.threads < 0) {
    return UsageError("buckets of a commit and threads cannot be fewer than none");
  }
  if (!options.column_types.empty() && options.buckets_per_commit > 0) {
    return UsageError("columns change their types in one commit of the whole table, not in several");
  }
  return Status::OK();
}

Status RunPasses(const CompactOptions& options, const ProgressCallback& progress, const CancelSource& cancel,
                 CompactReport* report) {
  ARROW_RETURN_NOT_OK(CheckOptions(options));
  // Opened before as well: where there is no table, no lock is made.
  ARROW_RETURN_NOT_OK(catalog::Catalog::Open(options.paths).status());
  std::unique_ptr<catalog::Lock> lock;
  if (options.use_lock && !options.dry_run) {
    ARROW_ASSIGN_OR_RAISE(const io::Location base, options.paths.LockFolder());
    ARROW_ASSIGN_OR_RAISE(lock, catalog::Lock::Acquire(base, "compact"));
  }
  const auto guard = [&] { return lock == nullptr ? Status::OK() : lock->Check(); };
  for (int pass = 1;; ++pass) {
    ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(options.paths));
    report->unique = catalog::IsUnique(catalog->table());
    const Status status = Compaction(options, catalog.get(), guard, progress, cancel, report).Run();
    if (KindOf(status) != ErrorKind::kCommitConflict || pass == kPasses) return status;
  }
}

}  // namespace

Status Compact(const CompactOptions& options, const ProgressCallback& progress, const CancelSource& cancel,
               CompactReport* report) {
  const Clock::time_point start = Clock::now();
  report->dry_run = options.dry_run;
  const Status status = RunPasses(options, progress, cancel, report);
  if (!status.ok()) report->error = status.message();
  report->seconds = std::chrono::duration<double>(Clock::now() - start).count();
  report->peak_memory = PeakMemory();
  return status;
}

std::string CompactReportToJson(const CompactReport& report) {
  using Json = nlohmann::ordered_json;
  Json changed = Json::object();
  for (const auto& [name, from, to] : report.changed_columns) changed[name] = {{"from", from}, {"to", to}};
  const Json json = {{"dry_run", report.dry_run},
                     {"column_types", std::move(changed)},
                     {"buckets_scanned", report.buckets_scanned},
                     {"buckets_compacted", report.buckets_compacted},
                     {"files_before", report.files_before},
                     {"files_after", report.files_after},
                     {"bytes_before", report.bytes_before},
                     {"bytes_after", report.bytes_after},
                     {"rows_before", report.rows_before},
                     {"rows_after", report.rows_after},
                     {"files_rewritten", report.files_rewritten},
                     {"files_written", report.files_written},
                     {"rows_superseded", report.rows_superseded},
                     {"commits", report.commits},
                     {"unique", report.unique},
                     {"seconds", report.seconds},
                     {"peak_memory", report.peak_memory},
                     {"error", report.error.empty() ? Json() : Json(report.error)}};
  return ReportText(json);
}

}  // namespace earthcatalog::maintain
