#include "earthcatalog/maintain/manifests.h"

#include <nlohmann/json.hpp>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/catalog/unique_mark.h"

namespace earthcatalog::maintain {
namespace {

using Json = nlohmann::ordered_json;

// Commits themselves keep them below 7 and 100. A rewrite decodes all that overlap, so it is to be worth it.
constexpr int64_t kFewPerPartition = 3;
constexpr int64_t kFewSmall = 20;

Json TotalsJson(const iceberg::ManifestTotals& totals) {
  return {{"count", totals.count},
          {"bytes", totals.bytes},
          {"small", totals.small},
          {"per_partition", totals.deepest + totals.fixed}};
}

}  // namespace

bool AreManifestsScattered(const iceberg::ManifestTotals& manifests) {
  return manifests.deepest > kFewPerPartition || manifests.small > kFewSmall;
}

Status RewriteManifests(const ManifestsOptions& options, ManifestsReport* report) {
  report->dry_run = options.dry_run;
  ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(options.paths));
  iceberg::Table& table = catalog->table();
  ARROW_ASSIGN_OR_RAISE(report->before, table.TotalsOfManifests());
  report->after = report->before;
  if (options.dry_run) return Status::OK();
  const auto before = table.current_snapshot();
  iceberg::Table::CommitRequest request;
  request.summary_on_top = [&table] { return catalog::KeptUniqueMark(table); };
  ARROW_RETURN_NOT_OK(table.RewriteManifests(request));
  const auto after = table.current_snapshot();
  report->rewritten =
      after && (!before || after->id != before->id) && after->summary.contains("manifests-replaced");
  ARROW_ASSIGN_OR_RAISE(report->after, table.TotalsOfManifests());
  return Status::OK();
}

std::string ManifestsReportToJson(const ManifestsReport& report) {
  const Json json = {{"dry_run", report.dry_run},
                     {"rewritten", report.rewritten},
                     {"before", TotalsJson(report.before)},
                     {"after", TotalsJson(report.after)}};
  return ReportText(json);
}

}  // namespace earthcatalog::maintain
