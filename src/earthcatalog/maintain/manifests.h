// The manifests of a table arranged by cell, so that a search reads few of them.
#pragma once

#include <cstdint>
#include <string>

#include "earthcatalog/catalog/catalog.h"

namespace earthcatalog::maintain {

struct ManifestsOptions {
  catalog::Paths paths;
  bool dry_run = false;
};

struct ManifestsReport {
  bool dry_run = false;
  iceberg::ManifestTotals before, after;  // of a dry run the same
  bool rewritten = false;                 // by one commit; else they lie well as they are
};

// Needs no lock: when others commit meanwhile, it is done again on top of theirs.
Status RewriteManifests(const ManifestsOptions& options, ManifestsReport* report);

// Whether searches read more manifests than they should have to: many that may hold the same cell and year,
// or many small ones. What a rewrite cannot change does not count.
bool AreManifestsScattered(const iceberg::ManifestTotals& manifests);

// The report as one JSON object.
std::string ManifestsReportToJson(const ManifestsReport& report);

}  // namespace earthcatalog::maintain
