// The main job: from an inventory to committed rows.
//
//   inventory ─rows─> fetch ─bodies─> encode (several threads) ─columns─> chunk ─files─> commit
//
// A chunk is a run of consecutive inventory rows. It is written and committed as a whole, in the order of the
// inventory, so that a table's content never depends on which thread or request was faster.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/base/queue.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/ingest/overflowed.h"
#include "earthcatalog/ingest/quarantine.h"
#include "earthcatalog/ingest/wide_items.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/io/s3.h"

namespace earthcatalog::jobs {

struct IncrementalOptions {
  std::string inventory;  // path or URL; empty with retry_failed: the quarantined rows alone
  std::string catalog_db;
  std::string warehouse;
  io::S3Settings s3 = {};  // of catalog and warehouse, where they are in S3
  std::string source;      // see fetch::Options
  std::optional<int64_t> since;
  std::optional<uint64_t> limit;
  std::string suffix = ".stac.json";
  std::optional<uint64_t> chunk_size;  // items per commit; nothing: as many as the memory limit allows
  int64_t memory_limit = 512LL << 20;
  int max_in_flight = 64;            // requests
  int threads = 0;                   // for each: encoding, writing, fetching (at most 8); 0: one per core
  std::optional<grid::Config> grid;  // nothing: the table's, or H3 resolution 1 for a new table
  std::shared_ptr<const grid::Partitioner> partitioner;  // a custom grid's, which must be given
  bool batch_add_files = false;                          // one snapshot for the whole run
  bool use_lock = true;
  bool retry_failed =
      false;  // the quarantined rows first; the inventory's rows that are among them not again
  // When the table holds the inventory already: add it once more.
  bool again = false;
  // Rows whose objects the table has ingested, unchanged since, are fetched and added like others.
  bool add_known = false;
  bool sync = true;  // data on disk before each commit
};

// What happened to every inventory row: inventory.rows == items_catalogued + items_quarantined +
// items_not_reached
// + the skipped + malformed of `inventory`. `items_not_reached` is 0 unless the run ended early.
struct IncrementalReport {
  inventory::Counts inventory;
  uint64_t items_catalogued = 0;
  uint64_t items_quarantined = 0;
  uint64_t items_not_reached = 0;
  std::map<std::string, uint64_t> quarantined_by_kind;
  std::vector<ingest::FailureExample> first_failures;  // at most 10
  std::vector<std::string> quarantine_files;
  uint64_t rows_written = 0;
  uint64_t files_written = 0;
  uint64_t bytes_written = 0;
  uint64_t bytes_fetched = 0;
  uint64_t requests_retried = 0;
  uint64_t commits = 0;
  uint64_t columns_added = 0;
  uint64_t columns_left_out = 0;  // nested ones too, for which the table has no room: the most of any commit
  ingest::OverflowedColumns overflowed;  // those without room, too
  ingest::WideItems wide_items;
  double seconds = 0;
  int64_t peak_memory = 0;           // of the process
  std::string error;                 // why it ended early; empty when it did not
  std::vector<std::string> notices;  // what the user should know of how it ran, a line each
  std::vector<QueueStats> queues;
};

// Runs until the inventory is done, `cancel` is stopped or something fails. `report` is filled in either way:
// what it counts as catalogued is committed. After an error the table stands as of the last commit and files
// of the unfinished chunk are removed. `progress` may be empty.
Status RunIncremental(const IncrementalOptions& options, const ProgressCallback& progress,
                      CancelSource* cancel, IncrementalReport* report);

// The report as one JSON object, for --json and Python.
std::string ReportToJson(const IncrementalReport& report);

}  // namespace earthcatalog::jobs
