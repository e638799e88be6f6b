#include "earthcatalog/maintain/clean.h"

#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/catalog/locked_catalog.h"
#include "earthcatalog/ingest/quarantine.h"

namespace earthcatalog::maintain {
namespace {

// Staged files that no commit names. Under the lock no run of ours is about to commit them.
Result<std::vector<Orphan>> StagedOrphans(const io::Location& warehouse, const ingest::QuarantineNotes& notes,
                                          int64_t modified_before) {
  ARROW_ASSIGN_OR_RAISE(const auto files, ingest::UncommittedQuarantine(warehouse, notes));
  std::vector<Orphan> orphans;
  for (const io::Location& file : files) {
    io::Location staged = ingest::StagedQuarantine(file);
    ARROW_ASSIGN_OR_RAISE(const auto info, staged.fs->GetFileInfo(staged.path));
    if (IsModifiedBefore(info, modified_before)) orphans.push_back({std::move(staged), info.size()});
  }
  return orphans;
}

Status Remove(std::vector<Orphan> orphans, const CancelSource& cancel, CleanReport* report) {
  Status first_error;
  for (Orphan& orphan : orphans) {
    ARROW_RETURN_NOT_OK(cancel.status());
    const Status removed = report->dry_run ? Status::OK() : io::DeleteFile(orphan.file);
    if (!removed.ok()) {
      if (first_error.ok()) first_error = WithContext(removed, "cannot remove " + orphan.file.path);
      continue;
    }
    report->bytes += orphan.bytes;
    report->files.push_back(std::move(orphan));
  }
  return first_error;
}

}  // namespace

Status Clean(const CleanOptions& options, const CancelSource& cancel, CleanReport* report) {
  report->dry_run = options.dry_run;
  ARROW_ASSIGN_OR_RAISE(const io::Location base, options.paths.LockFolder());
  ARROW_ASSIGN_OR_RAISE(const auto locked, catalog::OpenLocked(options.paths, "clean"));
  const auto& catalog = locked.catalog;
  ARROW_RETURN_NOT_OK(catalog->table().CheckMayDelete());
  const io::Location& warehouse = catalog->warehouse();
  const ingest::QuarantineNotes notes = ingest::FindQuarantineNotes(catalog->table());
  if (!options.dry_run) ARROW_RETURN_NOT_OK(ingest::SettleQuarantine(warehouse, notes));

  const int64_t modified_before =
      NowMicros() - std::chrono::duration_cast<std::chrono::microseconds>(options.older_than).count();
  ARROW_ASSIGN_OR_RAISE(auto orphans,
                        FindOrphans(*catalog, {ingest::QuarantineFolder(warehouse), base}, modified_before));
  ARROW_ASSIGN_OR_RAISE(auto staged, StagedOrphans(warehouse, notes, modified_before));
  std::move(staged.begin(), staged.end(), std::back_inserter(orphans));
  ARROW_RETURN_NOT_OK(locked.lock->Check());
  return Remove(std::move(orphans), cancel, report);
}

std::string CleanReportToJson(const CleanReport& report) {
  using Json = nlohmann::ordered_json;
  Json files = Json::array();
  for (const Orphan& orphan : report.files) {
    files.push_back({{"path", orphan.file.name()}, {"bytes", orphan.bytes}});
  }
  const Json json = {{"dry_run", report.dry_run},
                     {"files", report.files.size()},
                     {"bytes", report.bytes},
                     {"removed", std::move(files)}};
  return ReportText(json);
}

}  // namespace earthcatalog::maintain
