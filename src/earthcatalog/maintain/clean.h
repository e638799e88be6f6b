// Removing files that nothing needs any more.
#pragma once

#include <chrono>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/maintain/orphans.h"

namespace earthcatalog::maintain {

struct CleanOptions {
  catalog::Paths paths;
  // What is younger may belong to a commit under way of somebody who does not hold our lock; readers of
  // published trees may be at work so long in one that was replaced.
  std::chrono::seconds older_than = std::chrono::days(3);
  bool dry_run = false;
};

struct CleanReport {
  std::vector<Orphan> files;  // removed, or to be removed
  int64_t bytes = 0;          // of these
  bool dry_run = false;
};

// Holds the catalogue's lock and removes the files that runs made and nothing names: those of FindOrphans,
// and staged quarantine files, whose rows the run that is repeated meets again. Quarantine files that a
// commit names are published. A dry run changes nothing. A usage error when the table's property gc.enabled
// forbids it. After an error, also that of `cancel`, `report` has what was removed.
Status Clean(const CleanOptions& options, const CancelSource& cancel, CleanReport* report);

// The report as one JSON object.
std::string CleanReportToJson(const CleanReport& report);

}  // namespace earthcatalog::maintain
