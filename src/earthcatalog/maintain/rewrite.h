// Files of one partition become other files of the same rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/maintain/compaction_plan.h"
#include "earthcatalog/rows/data_files_writer.h"
#include "earthcatalog/rows/kept_rows.h"

namespace earthcatalog::maintain {

struct RewriteTarget {
  io::Location warehouse;
  rows::TableColumns columns;          // with `_ingested`
  std::string token;                   // of the new files' names: no other rewriting has it
  int64_t file_bytes = 128LL << 20;    // as DataFilesTarget
  int64_t memory_bytes = 256LL << 20;  // as rows::Merge
};

struct RewriteInput {
  const TableFile* file = nullptr;
  const std::vector<bool>* left_out = nullptr;  // as rows::MergeInput
};

// Called with what is written: where, which rows of that file.
using OnRows = std::function<Status(const std::string& uri, const iceberg::Partition& partition,
                                    int64_t first, const arrow::RecordBatch& rows)>;

// One row of each item, as rows::Merge says, in files of the target size, which are added to `files`, also
// when it ends with an error. The inputs, at least one, are of one partition and stay where they are. None is
// written where no row is left.
Status RewriteFiles(const RewriteTarget& target, const std::vector<RewriteInput>& inputs,
                    const OnRows& on_rows, const CancelSource& cancel, rows::UncommittedFiles* files);

// The files of many partitions at once, of a unit (UnitsOf), those of each into one file. False, with nothing
// written, when their rows take too much memory together.
Result<bool> RewriteSmallFiles(const RewriteTarget& target, std::span<const Bucket> buckets,
                               const OnRows& on_rows, const CancelSource& cancel,
                               rows::UncommittedFiles* files);

}  // namespace earthcatalog::maintain
