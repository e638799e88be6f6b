#include "earthcatalog/maintain/expire.h"

#include <nlohmann/json.hpp>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/catalog/locked_catalog.h"
#include "earthcatalog/catalog/unique_mark.h"
#include "earthcatalog/ingest/quarantine.h"
#include "earthcatalog/maintain/named_files.h"
#include "earthcatalog/maintain/published.h"

namespace earthcatalog::maintain {
namespace {

// By all trees that are there, however old: `Clean` takes them away.
Result<NamedFiles> PublishedFiles(const io::Location& warehouse) {
  NamedFiles named;
  ARROW_ASSIGN_OR_RAISE(const Published published, Published::Find(warehouse));
  std::vector<const PublishedTree*> all;
  for (const PublishedTree& tree : published.trees) {
    if (tree.is_current || tree.ended) all.push_back(&tree);
  }
  ARROW_RETURN_NOT_OK(AddPublished(published, all, &named));
  return named;
}

}  // namespace

Status Expire(const ExpireOptions& options, const CancelSource& cancel, ExpireReport* report) {
  report->dry_run = options.dry_run;
  ARROW_ASSIGN_OR_RAISE(const auto locked, catalog::OpenLocked(options.paths, "expire"));
  const auto& catalog = locked.catalog;
  iceberg::Table& table = catalog->table();
  ARROW_RETURN_NOT_OK(table.CheckMayDelete());
  ARROW_ASSIGN_OR_RAISE(const NamedFiles published, PublishedFiles(catalog->warehouse()));
  const ingest::QuarantineNotes notes = ingest::FindQuarantineNotes(table);
  if (!options.dry_run) ARROW_RETURN_NOT_OK(ingest::SettleQuarantine(catalog->warehouse(), notes));

  iceberg::Table::ExpireRequest request;
  if (options.older_than) {
    const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(*options.older_than);
    request.older_than_ms = NowMicros() / 1000 - age.count();
  }
  request.keep_last = options.keep_last;
  request.carried = [&] {
    auto carried = ingest::NotesToCarry(table, notes);
    if (!carried.empty()) carried.merge(catalog::KeptUniqueMark(table));
    return carried;
  };
  request.needed_elsewhere = [&](const std::string& path) { return published.Contains(path); };
  request.guard = [&] {
    ARROW_RETURN_NOT_OK(cancel.status());
    return locked.lock->Check();
  };
  request.dry_run = options.dry_run;
  return table.Expire(request, &report->expired);
}

std::string ExpireReportToJson(const ExpireReport& report) {
  using Json = nlohmann::ordered_json;
  const iceberg::Table::ExpireReport& expired = report.expired;
  const Json json = {{"dry_run", report.dry_run},   {"snapshots", expired.snapshots},
                     {"refs", expired.refs},        {"files", expired.files.size()},
                     {"bytes", expired.bytes},      {"removed", expired.files},
                     {"published", expired.needed}, {"left", expired.left}};
  return ReportText(json);
}

}  // namespace earthcatalog::maintain
