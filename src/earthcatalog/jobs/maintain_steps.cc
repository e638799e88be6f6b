#include "earthcatalog/jobs/maintain_steps.h"

#include <chrono>

#include "earthcatalog/base/text.h"
#include "earthcatalog/maintain/clean.h"
#include "earthcatalog/maintain/compact.h"
#include "earthcatalog/maintain/manifests.h"

namespace earthcatalog::jobs {
namespace {

using Answer = MaintainStep::Answer;
using Done = MaintainStep::Done;

std::string Files(int64_t count) {
  return fmt::format("{} {}", FormatCount(count), count == 1 ? "file" : "files");
}

// Without the lock, so that ingest need not wait: of two who change the same files one fails.
MaintainStep Compact(const MaintainOptions& options, const ProgressCallback& progress,
                     const CancelSource& cancel) {
  const auto run = [&](bool dry_run, maintain::CompactReport* report) {
    maintain::CompactOptions compact;
    compact.paths = options.paths;
    compact.threshold = options.threshold;
    compact.memory_bytes = options.memory_bytes;
    compact.threads = options.threads;
    compact.dry_run = dry_run;
    return maintain::Compact(compact, progress, cancel, report);
  };
  const auto ask = [run, &options]() -> Result<Answer> {
    maintain::CompactReport report;
    ARROW_RETURN_NOT_OK(run(/*dry_run=*/true, &report));
    if (report.buckets_compacted == 0) {
      return Answer{false, fmt::format("of {} cells and years none has {} files that are worth uniting",
                                       FormatCount(report.buckets_scanned), options.threshold)};
    }
    return Answer{
        true, fmt::format("{} of {} of {} cells and years are worth uniting", Files(report.files_rewritten),
                          FormatCount(report.buckets_compacted), FormatCount(report.buckets_scanned))};
  };
  const auto act = [run](Done* done) {
    maintain::CompactReport report;
    const Status compacted = run(/*dry_run=*/false, &report);
    done->message = fmt::format("{} of {} cells and years became {}; the table's {} files are {} now",
                                Files(report.files_rewritten), FormatCount(report.buckets_compacted),
                                FormatCount(report.files_written), FormatCount(report.files_before),
                                FormatCount(report.files_after));
    done->details = maintain::CompactReportToJson(report);
    return compacted;
  };
  return {"compact", ask, act};
}

MaintainStep RewriteManifests(const MaintainOptions& options) {
  const auto ask = [&options]() -> Result<Answer> {
    maintain::ManifestsReport report;
    ARROW_RETURN_NOT_OK(maintain::RewriteManifests({options.paths, /*dry_run=*/true}, &report));
    const iceberg::ManifestTotals& now = report.before;
    return Answer{maintain::AreManifestsScattered(now),
                  fmt::format("of {} manifests up to {} may hold the same cell and year, and {} are small",
                              FormatCount(now.count), FormatCount(now.deepest), FormatCount(now.small))};
  };
  const auto act = [&options](Done* done) -> Status {
    maintain::ManifestsReport report;
    ARROW_RETURN_NOT_OK(maintain::RewriteManifests({options.paths, /*dry_run=*/false}, &report));
    done->message = fmt::format("{} manifests became {}, of which up to {} may hold the same cell and year",
                                FormatCount(report.before.count), FormatCount(report.after.count),
                                FormatCount(report.after.deepest));
    done->details = maintain::ManifestsReportToJson(report);
    return Status::OK();
  };
  return {"manifests", ask, act};
}

MaintainStep Clean(const MaintainOptions& options, const CancelSource& cancel) {
  const auto run = [&](bool dry_run, maintain::CleanReport* report) {
    return maintain::Clean({.paths = options.paths, .dry_run = dry_run}, cancel, report);
  };
  const auto count_of = [](const maintain::CleanReport& report) {
    return fmt::format("{} ({})", Files(std::ssize(report.files)), FormatByteSize(report.bytes));
  };
  const auto ask = [run, count_of]() -> Result<Answer> {
    maintain::CleanReport report;
    ARROW_RETURN_NOT_OK(run(/*dry_run=*/true, &report));
    const bool due = !report.files.empty();
    return Answer{
        due,
        fmt::format(
            "{} older than {} hours that nothing names", due ? count_of(report) : "there are no files",
            std::chrono::duration_cast<std::chrono::hours>(maintain::CleanOptions().older_than).count())};
  };
  const auto act = [run, count_of](Done* done) {
    maintain::CleanReport report;
    const Status cleaned = run(/*dry_run=*/false, &report);
    done->message = "removed " + count_of(report);
    done->details = maintain::CleanReportToJson(report);
    return cleaned;
  };
  return {"clean", ask, act};
}

}  // namespace

std::vector<MaintainStep> MaintainSteps(const MaintainOptions& options, const ProgressCallback& progress,
                                        const CancelSource& cancel) {
  return {Compact(options, progress, cancel), RewriteManifests(options), Clean(options, cancel)};
}

}  // namespace earthcatalog::jobs
