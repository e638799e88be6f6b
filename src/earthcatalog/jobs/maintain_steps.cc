#include "earthcatalog/jobs/maintain_steps.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/metadata.h"
#include "earthcatalog/maintain/clean.h"
#include "earthcatalog/maintain/compact.h"
#include "earthcatalog/maintain/compaction_plan.h"
#include "earthcatalog/maintain/expire.h"
#include "earthcatalog/maintain/manifests.h"
#include "earthcatalog/maintain/publish.h"
#include "earthcatalog/maintain/published.h"

namespace earthcatalog::jobs {
namespace {

using Answer = MaintainStep::Answer;
using Done = MaintainStep::Done;

std::string Some(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", FormatCount(count), noun, count == 1 ? "" : "s");
}

// Without the lock, so that ingest need not wait: of two who change the same files one fails.
MaintainStep CompactStep(const MaintainOptions& options, const ProgressCallback& progress,
                         const CancelSource& cancel) {
  maintain::CompactOptions compact;
  compact.paths = options.paths;
  compact.threshold = options.threshold;
  compact.memory_bytes = options.memory_bytes;
  compact.threads = options.threads;
  // Not by its dry run, which looks at all rows for older versions of items.
  const auto ask = [compact]() -> Result<Answer> {
    ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(compact.paths));
    ARROW_ASSIGN_OR_RAISE(auto files, maintain::ListFiles(catalog->table()));
    const auto plan =
        maintain::PlanCompaction(std::move(files), maintain::RuleFor(compact, *catalog->table().schema()));
    if (plan.buckets.empty()) {
      return Answer{false, fmt::format("of {} cells and years none has {} files that are worth uniting",
                                       FormatCount(plan.partitions), compact.threshold)};
    }
    int64_t count = 0;
    for (const maintain::Bucket& bucket : plan.buckets) count += std::ssize(bucket);
    return Answer{true,
                  fmt::format("{} of {} of {} cells and years are worth writing anew", Some(count, "file"),
                              FormatCount(std::ssize(plan.buckets)), FormatCount(plan.partitions))};
  };
  const auto act = [compact, &progress, &cancel](Done* done) {
    maintain::CompactReport report;
    const Status compacted = maintain::Compact(compact, progress, cancel, &report);
    done->message = fmt::format("{} became {}, and {} of older versions were left out",
                                Some(report.files_rewritten, "file"), FormatCount(report.files_written),
                                Some(report.rows_superseded, "row"));
    done->details = maintain::CompactReportToJson(report);
    return compacted;
  };
  return {"compact", ask, act};
}

MaintainStep ManifestsStep(const MaintainOptions& options) {
  const auto ask = [&options]() -> Result<Answer> {
    maintain::ManifestsReport report;
    ARROW_RETURN_NOT_OK(maintain::RewriteManifests({options.paths, /*dry_run=*/true}, &report));
    const iceberg::ManifestTotals& now = report.before;
    return Answer{
        maintain::AreManifestsScattered(now),
        fmt::format("of {} up to {} may hold the same cell and year, and {} small ones could be united",
                    Some(now.count, "manifest"), FormatCount(now.deepest), FormatCount(now.small))};
  };
  const auto act = [&options](Done* done) -> Status {
    maintain::ManifestsReport report;
    ARROW_RETURN_NOT_OK(maintain::RewriteManifests({options.paths, /*dry_run=*/false}, &report));
    done->message = fmt::format("{} became {}, of which up to {} may hold the same cell and year",
                                Some(report.before.count, "manifest"), FormatCount(report.after.count),
                                FormatCount(report.after.deepest));
    done->details = maintain::ManifestsReportToJson(report);
    return Status::OK();
  };
  return {"manifests", ask, act};
}

// What readers over the web see.
struct Shown {
  std::string url_prefix;  // empty: the table was not published
  std::optional<int64_t> snapshot_id;
  bool is_one = true;  // not, after a publishing that was killed: some see the tree before
};

Result<Shown> FindShown(const catalog::Catalog& catalog) {
  ARROW_ASSIGN_OR_RAISE(const auto published, maintain::Published::Find(catalog.warehouse()));
  Shown shown;
  for (const maintain::PublishedTree& tree : published.trees) {
    if (!tree.is_current) continue;
    shown.is_one = shown.url_prefix.empty();
    auto document = iceberg::TableMetadata::Parse(tree.text);
    if (!document.ok()) return WithContext(document.status(), tree.document.name());
    const auto snapshot = document->current_snapshot();
    shown.snapshot_id = snapshot ? std::optional(snapshot->id) : std::nullopt;
    shown.url_prefix = document->location();
    const std::string end = std::string("/") + maintain::kPublishedFolder;
    if (!shown.url_prefix.ends_with(end)) {
      return CorruptError("{} does not say at which URL the warehouse is", tree.document.name());
    }
    shown.url_prefix.resize(shown.url_prefix.size() - end.size());
  }
  return shown;
}

// Where it was published, at the same URL again.
MaintainStep PublishStep(const MaintainOptions& options, const CancelSource& cancel) {
  const auto find = [&options](std::optional<int64_t>* current) -> Result<Shown> {
    ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(options.paths));
    const auto snapshot = catalog->table().current_snapshot();
    *current = snapshot ? std::optional(snapshot->id) : std::nullopt;
    return FindShown(*catalog);
  };
  const auto ask = [find]() -> Result<Answer> {
    std::optional<int64_t> current;
    ARROW_ASSIGN_OR_RAISE(const Shown shown, find(&current));
    if (shown.url_prefix.empty()) return Answer{false, "the table was never published"};
    if (shown.is_one && shown.snapshot_id == current) {
      return Answer{false, "readers over the web see the current snapshot"};
    }
    return Answer{true, "readers over the web see an older snapshot"};
  };
  const auto act = [&options, find, &cancel](Done* done) -> Status {
    std::optional<int64_t> current;
    ARROW_ASSIGN_OR_RAISE(const Shown shown, find(&current));
    maintain::PublishReport report;
    ARROW_RETURN_NOT_OK(maintain::Publish({options.paths, shown.url_prefix}, cancel, &report));
    done->message = fmt::format("version {} of {} is published", report.version, report.table_url);
    done->details = maintain::PublishReportToJson(report);
    return Status::OK();
  };
  return {"publish", ask, act};
}

// Nothing where files may be deleted, else why they may not.
Result<std::string> WhyNothingMayBeDeleted(const catalog::Paths& paths) {
  ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(paths));
  return std::string(catalog->table().CheckMayDelete().message());
}

MaintainStep ExpireStep(const MaintainOptions& options, const CancelSource& cancel) {
  const auto run = [&](bool dry_run, maintain::ExpireReport* report) {
    return maintain::Expire({.paths = options.paths, .dry_run = dry_run}, cancel, report);
  };
  const auto ask = [run, &options]() -> Result<Answer> {
    ARROW_ASSIGN_OR_RAISE(std::string why_not, WhyNothingMayBeDeleted(options.paths));
    if (!why_not.empty()) return Answer{false, std::move(why_not)};
    maintain::ExpireReport report;
    ARROW_RETURN_NOT_OK(run(/*dry_run=*/true, &report));
    const iceberg::Table::ExpireReport& expired = report.expired;
    if (expired.snapshots.empty() && expired.refs.empty()) {
      return Answer{false, "no snapshot is old enough to go"};
    }
    std::string reason = Some(std::ssize(expired.snapshots), "snapshot");
    if (!expired.refs.empty()) reason += fmt::format(" and {} branches or tags", expired.refs.size());
    return Answer{true, reason + " can go, as old as they are"};
  };
  const auto act = [run](Done* done) {
    maintain::ExpireReport report;
    const Status expired = run(/*dry_run=*/false, &report);
    done->message =
        fmt::format("{} are gone, and {} ({}) that only they needed",
                    Some(std::ssize(report.expired.snapshots), "snapshot"),
                    Some(std::ssize(report.expired.files), "file"), FormatByteSize(report.expired.bytes));
    done->details = maintain::ExpireReportToJson(report);
    return expired;
  };
  return {"expire", ask, act};
}

// What is young may be a compaction's that runs beside this one without the lock.
MaintainStep CleanStep(const MaintainOptions& options, const CancelSource& cancel) {
  const auto run = [&](bool dry_run, maintain::CleanReport* report) {
    return maintain::Clean({.paths = options.paths, .dry_run = dry_run}, cancel, report);
  };
  const auto count_of = [](const maintain::CleanReport& report) {
    return fmt::format("{} ({})", Some(std::ssize(report.files), "file"), FormatByteSize(report.bytes));
  };
  const auto ask = [run, count_of, &options]() -> Result<Answer> {
    ARROW_ASSIGN_OR_RAISE(std::string why_not, WhyNothingMayBeDeleted(options.paths));
    if (!why_not.empty()) return Answer{false, std::move(why_not)};
    maintain::CleanReport report;
    ARROW_RETURN_NOT_OK(run(/*dry_run=*/true, &report));
    const auto age = std::chrono::duration_cast<std::chrono::hours>(maintain::CleanOptions().older_than);
    const bool due = !report.files.empty();
    return Answer{due, fmt::format("{} older than {} hours that nothing names",
                                   due ? count_of(report) : "there are no files", age.count())};
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
  return {CompactStep(options, progress, cancel), ManifestsStep(options), PublishStep(options, cancel),
          ExpireStep(options, cancel), CleanStep(options, cancel)};
}

}  // namespace earthcatalog::jobs
