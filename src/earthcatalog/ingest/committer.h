// The end of an ingest: written chunks become snapshots.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/queue.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/lock.h"
#include "earthcatalog/ingest/chunk_writer.h"
#include "earthcatalog/ingest/known_objects.h"
#include "earthcatalog/ingest/quarantine.h"
#include "earthcatalog/ingest/row_feed.h"
#include "earthcatalog/ingest/snapshot_notes.h"

namespace earthcatalog::ingest {

// What became of the rows; counted when it is certain (committed, quarantined on disk).
struct CommitCounts {
  uint64_t rows_done = 0;  // inventory rows behind the last commit
  uint64_t catalogued = 0;
  uint64_t quarantined = 0;
  std::map<std::string, uint64_t> quarantined_by_kind;
  std::vector<FailureExample> first_failures;
  std::vector<std::string> quarantine_files;
  uint64_t rows_written = 0;
  uint64_t files_written = 0;
  uint64_t bytes_written = 0;
  uint64_t commits = 0;
  uint64_t columns_added = 0;
  uint64_t columns_left_out = 0;  // by one chunk at most: the next one lacks much the same
  OverflowedColumns overflowed;
  WideItems wide;
};

// Run by one thread, which alone touches the catalogue. counts() from any thread.
class Committer {
 public:
  struct Options {
    bool batch_add_files = false;
    bool sync = true;
    const catalog::Lock* lock = nullptr;   // that must still be held at each commit, if any
    int64_t max_failure_bytes = 64 << 20;  // held in memory before they are staged in the quarantine
    std::optional<Selection> selection;    // of the inventory, if there is one
  };

  // All of these outlive the committer.
  Committer(const Options& options, catalog::Catalog* catalog, RowFeed* feed, const CancelSource* cancel);
  // Removes what was written and not committed, unless it may be.
  ~Committer();

  Status Run(BoundedQueue<WrittenChunk>* chunks);

  CommitCounts counts() const;

 private:
  Status Take(WrittenChunk chunk);
  Status StageFailures();
  Status Commit();
  Status Append();
  // Whether what the commit says of rows is still true on top of what others have committed meanwhile.
  Status CheckNobodyElseDidTheRows(const QuarantineNotes& pending) const;
  QuarantineNotes PendingQuarantine() const;
  void RemoveRetriedQuarantine();

  const Options options_;
  catalog::Catalog* const catalog_;
  RowFeed* const feed_;

  // What the table says of these rows before the next commit.
  std::optional<InventoryProgress> known_progress_;
  QuarantineNotes known_retries_;
  std::string own_metadata_;       // the table as this run last read or wrote it
  bool others_committed_ = false;  // since the run began

  // Written since the last commit.
  rows::UncommittedFiles pending_files_;
  std::shared_ptr<arrow::Schema> schema_;  // that they are written with
  NewObjects pending_objects_;
  std::vector<QuarantinedRow> pending_failures_;
  int64_t pending_failure_bytes_ = 0;
  std::vector<io::Location> pending_quarantine_;  // staged
  CommitCounts pending_;
  uint64_t rows_taken_ = 0;        // committed or pending, of those fed
  FeedPosition position_;          // of the sources, behind them
  size_t removed_quarantine_ = 0;  // how many of the position's finished files

  mutable std::mutex mutex_;
  CommitCounts counts_;  // guarded
};

}  // namespace earthcatalog::ingest
