// What a run tells its user besides the figures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/ingest/snapshot_notes.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/jobs/incremental.h"

namespace earthcatalog::jobs {

struct NoticeFacts {
  int max_in_flight;            // requests, as the system allows
  bool all_done;                // by earlier runs
  uint64_t rows_in_quarantine;  // known where all is done and none is retried
  // Of this inventory, which earlier runs added; empty where that changes nothing.
  std::vector<ingest::OtherSelection> other_selections;
  ingest::WideItems wide;
  int64_t max_cells;   // the table's limit, 0 for none
  bool nothing_found;  // not one of the items that were asked for
};

// A line each.
std::vector<std::string> NoticesOf(const IncrementalOptions& options, const inventory::Counts& counts,
                                   const NoticeFacts& facts);

}  // namespace earthcatalog::jobs
