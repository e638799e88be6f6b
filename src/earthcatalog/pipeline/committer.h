// The end of the pipeline: chunks become files and snapshots.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/base/queue.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/lock.h"
#include "earthcatalog/pipeline/chunk.h"
#include "earthcatalog/pipeline/incremental.h"
#include "earthcatalog/pipeline/row_feed.h"

namespace earthcatalog::pipeline {

// In the summary of the snapshot with the last rows of quarantine files taken up again: a JSON array of their
// names. They are removed after the commit; a run that finds such a file left over removes it, too.
inline constexpr char kRetriedQuarantineKey[] = "earthcatalog.retried-quarantine";

// Removes the quarantine files whose rows are behind a commit of the table already.
Status RemoveCommittedQuarantine(const catalog::Catalog& catalog);

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
};

// Run by one thread, which alone touches the catalogue. counts() from any thread.
class Committer {
 public:
  struct Options {
    int threads = 1;
    bool batch_add_files = false;
    bool sync = true;
    const catalog::Lock* lock = nullptr;   // that must still be held at each commit, if any
    int64_t max_failure_bytes = 64 << 20;  // held in memory before they are staged in the quarantine
  };

  // All of these outlive the committer.
  Committer(const Options& options, catalog::Catalog* catalog,
            std::shared_ptr<const grid::Partitioner> partitioner, CurrentSchema* schema, const RowFeed* feed,
            const CancelSource* cancel);
  // Removes the files of what was written and not committed, unless they may be.
  ~Committer();

  Status Run(BoundedQueue<Chunk>* chunks);

  CommitCounts counts() const;

 private:
  Status WriteChunk(Chunk chunk);
  Status EvolveSchema(const Chunk& chunk);
  Status ReencodeWhereNeeded(Chunk* chunk);
  Status StageFailures();
  Status Commit();
  Status Append();
  std::vector<std::string> RetriedQuarantine(uint64_t rows_done) const;
  void RemoveRetriedQuarantine(uint64_t rows_done);

  const Options options_;
  catalog::Catalog* const catalog_;
  const std::shared_ptr<const grid::Partitioner> partitioner_;
  CurrentSchema* const current_schema_;
  const RowFeed* const feed_;
  const CancelSource* const cancel_;

  // The columns that files are written with: the table's, or what it will be at the next commit.
  std::shared_ptr<arrow::Schema> schema_;
  int last_column_id_;
  int64_t next_part_number_;

  // Written since the last commit.
  std::vector<iceberg::DataFile> pending_files_;
  std::vector<QuarantinedRow> pending_failures_;
  int64_t pending_failure_bytes_ = 0;
  std::vector<io::Location> pending_quarantine_;  // staged, or published for the commit under way
  CommitCounts pending_;
  std::set<std::string> removed_quarantine_;

  mutable std::mutex mutex_;
  CommitCounts counts_;  // guarded
};

}  // namespace earthcatalog::pipeline
