// Removing what killed runs have left behind.
#pragma once

#include <chrono>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/maintain/orphans.h"

namespace earthcatalog::maintain {

struct CleanOptions {
  catalog::Paths paths;
  // What is younger may belong to a commit under way of somebody who does not hold our lock.
  std::chrono::seconds older_than = std::chrono::hours(1);
  bool dry_run = false;
};

struct CleanReport {
  std::vector<Orphan> files;  // removed, or to be removed
  int64_t bytes = 0;          // of these
  bool dry_run = false;
};

// Holds the catalogue's lock and removes the files that runs made and no commit names: those of
// FindOrphans, and staged quarantine files, whose rows the run that is repeated meets again.
// Quarantine files that a commit names are published. A dry run changes nothing. After an error `report` has
// what was removed.
Status Clean(const CleanOptions& options, CleanReport* report);

// The report as one JSON object.
std::string CleanReportToJson(const CleanReport& report);

}  // namespace earthcatalog::maintain
