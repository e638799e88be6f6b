// Many small files of a table become few good ones, and versions of items one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/catalog/catalog.h"

namespace earthcatalog::maintain {

struct CompactOptions {
  catalog::Paths paths;
  int threshold = 2;                   // so many files of a (cell, year), at least, make it due
  int64_t target_bytes = 128LL << 20;  // of the files written
  bool rewrite_all = false;            // also files that are good as they are
  int buckets_per_commit = 0;          // 0: all in one commit
  // Columns of properties that get other types, by the names that Iceberg has for these (`double`,
  // `list<string>`).
  std::map<std::string, std::string> column_types = {};
  bool dry_run = false;
  // Without it only their age keeps files that are not committed yet safe from Clean() (clean.h).
  bool use_lock = false;
  int64_t memory_bytes = 512LL << 20;
  int threads = 0;  // 0: as many as the machine has cores
};

struct ChangedColumn {
  std::string name, from, to;  // types, as Iceberg names them
};

struct CompactReport {
  bool dry_run = false;
  std::vector<ChangedColumn> changed_columns;  // by name; of a commit, or of a dry run
  int64_t buckets_scanned = 0, buckets_compacted = 0;
  int64_t files_before = 0, files_after = 0;  // of the whole table, and so the next two
  int64_t bytes_before = 0, bytes_after = 0;
  int64_t rows_before = 0, rows_after = 0;
  int64_t files_rewritten = 0, files_written = 0;
  int64_t rows_superseded = 0;  // of older versions, which were left out
  int64_t commits = 0;
  bool unique = false;  // each item has one version now, and the table says so
  double seconds = 0;
  int64_t peak_memory = 0;  // of the process
  std::string error;        // why it ended early; what was committed before stays
};

// Writes the files of each (cell, year) anew that PlanCompaction (compaction_plan.h) names: one row of each
// item, of its newest version, sorted, in files of the target size; and so any other file that has rows of an
// older version, wherever the newer one lies. Then each item has one version, and the table says so
// (catalog/unique_mark.h), unless somebody has added rows meanwhile. A table that says so already is only
// compacted.
//
// One commit, a replacement of files, or one for so many buckets; what was committed stays when it ends
// early, and a later call goes on there. The old files stay for older snapshots until these expire. Others
// may add rows at any time. Who removes one of the files that are being replaced makes it begin again, three
// times at most, then it is kCommitConflict.
//
// Columns that get other types are new columns of the same names to Iceberg. So all files are written anew,
// in one commit that changes the table's schema as well; a value lies in the column where the new type holds
// it, else in the overflow. Older snapshots keep the old columns. Who adds rows meanwhile makes it begin
// again, too. kUsage, before anything is done, for a column that the table does not have, that every table
// starts with, or that has the type already; for a type that is none of an item's values; for several
// commits; and where a file cannot be written anew, since its cell can be no folder.
//
// Memory: `memory_bytes`, of which each bucket under way has at least 64 MiB; besides that 16 MiB for reading
// each of these, about 1 KiB for each file of the table and a bit for each row. Has threads of its own. A dry
// run reads who the rows are, changes nothing, and says about how many files and bytes there would be.
// `report` is filled also after an error.
Status Compact(const CompactOptions& options, const ProgressCallback& progress, const CancelSource& cancel,
               CompactReport* report);

// The report as one JSON object.
std::string CompactReportToJson(const CompactReport& report);

}  // namespace earthcatalog::maintain
