// One pass of compaction over a table.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/maintain/compact.h"
#include "earthcatalog/maintain/compaction_plan.h"
#include "earthcatalog/maintain/rewrite.h"
#include "earthcatalog/maintain/version_check.h"
#include "earthcatalog/rows/write_files.h"

namespace earthcatalog::maintain {

// Used by one thread, once; has threads of its own.
class Compaction {
 public:
  // All of these outlive it. `guard` is asked before each commit. `report` is filled on the way; of an
  // earlier pass it has what was committed.
  Compaction(const CompactOptions& options, catalog::Catalog* catalog, std::function<Status()> guard,
             const ProgressCallback& progress, const CancelSource& cancel, CompactReport* report)
      : options_(options),
        catalog_(catalog),
        table_(catalog->table()),
        guard_(std::move(guard)),
        progress_(progress),
        cancel_(cancel),
        report_(report),
        written_(catalog->warehouse()) {}

  // kCommitConflict when somebody has meanwhile removed a file that was to be replaced: another pass looks at
  // the table as it is then.
  Status Run();

 private:
  Status Plan();
  void Estimate();
  Status CheckVersions(const std::vector<TableFile>& unread);
  Status SettleColumns();
  Status RewriteBuckets(size_t begin, size_t end);
  Status RewriteUnit(std::span<const Bucket> buckets);
  Status RewriteBucket(const Bucket& bucket, rows::UncommittedFiles* files);
  Status DropSuperseded();
  Status RewriteWithout(const TableFile& file, const std::vector<bool>& superseded);
  Status Commit(bool last);
  Status Replace(bool last);
  Status MarkAsUnique();
  bool NobodyElseCommitted() const;
  RewriteTarget Target() const;
  OnRows WhatIsWritten();
  void ShowProgress(int64_t rows);

  const CompactOptions& options_;
  catalog::Catalog* const catalog_;
  iceberg::Table& table_;
  const std::function<Status()> guard_;
  const ProgressCallback& progress_;
  const CancelSource& cancel_;
  CompactReport* const report_;

  int threads_ = 1;
  CompactionPlan plan_;
  std::map<std::string, std::shared_ptr<arrow::DataType>> types_;  // that columns get
  std::optional<rows::TableColumns> columns_;                      // once they are settled
  std::optional<VersionCheck> versions_;  // nothing where the table has one version of each item
  std::optional<int64_t> snapshot_id_;    // of the table as planned, or as this pass committed it last
  bool others_committed_ = false;         // since the plan
  std::vector<TableFile> committed_;      // written by this pass, and in the table

  std::mutex mutex_;  // of what follows, which threads fill
  rows::UncommittedFiles written_;
  std::vector<iceberg::DataFile> replaced_;  // by the next commit
  int64_t buckets_written_ = 0;              // likewise
  Progress state_;
  ProgressPace pace_;
};

}  // namespace earthcatalog::maintain
