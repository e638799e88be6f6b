// Ending the history of a table, with all that is to outlive it.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/catalog/catalog.h"

namespace earthcatalog::maintain {

struct ExpireOptions {
  catalog::Paths paths;
  // Snapshots that are older may go. Nothing: the age that the table or a branch states, or 5 days.
  std::optional<std::chrono::seconds> older_than = std::nullopt;
  // So many of each branch stay, whatever their age. Nothing: what the table or the branch states, or 1.
  std::optional<int> keep_last = std::nullopt;
  bool dry_run = false;
};

struct ExpireReport {
  iceberg::Table::ExpireReport expired;
  bool dry_run = false;
};

// Holds the catalogue's lock, lets snapshots go that are too old and not needed, and deletes the files that
// only they reach (iceberg::Table::Expire). What a published tree names stays. What resuming, the quarantine
// and statistics must know of the snapshots that go is carried on by the commit. A dry run changes nothing. A
// usage error when the table's property gc.enabled forbids deletion. `cancel` ends it before the commit;
// behind it the files are deleted all the same.
Status Expire(const ExpireOptions& options, const CancelSource& cancel, ExpireReport* report);

// The report as one JSON object.
std::string ExpireReportToJson(const ExpireReport& report);

}  // namespace earthcatalog::maintain
