// Which files of a table are to be written anew.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/maintain/compact.h"

namespace earthcatalog::maintain {

struct TableFile {
  iceberg::DataFile file;   // without what it says of columns
  bool boxes_hold = false;  // iceberg::BoxesHold()
};

// All files of the current snapshot. Memory: some 300 bytes for each.
Result<std::vector<TableFile>> ListFiles(const iceberg::Table& table);

struct CompactionRule {
  int threshold = 2;
  int64_t target_bytes = 128LL << 20;
  bool rewrite_all = false;
  bool mend_boxes = true;  // the table's boxes can hold (a struct of numbers; 0.6.1 made texts)
};

// What the options ask of a table with these columns.
CompactionRule RuleFor(const CompactOptions& options, const arrow::Schema& schema);

// Files of one partition, which become as few as they fit.
using Bucket = std::vector<TableFile>;

struct CompactionPlan {
  int64_t partitions = 0;
  std::vector<Bucket> buckets;  // by partition
  std::vector<TableFile> staying;
};

// Good are files from three quarters of the target size to 1.8 times of it whose boxes hold. Of a partition
// the others are written anew when they are `threshold` or more, or when one of them would be so alone: it is
// too large, or its boxes do not hold.
CompactionPlan PlanCompaction(std::vector<TableFile> files, const CompactionRule& rule);

// What is written anew at a time: a bucket, or several neighbouring ones whose files are so few and small
// that each of them becomes one small file of `target_bytes` at most. A unit of those has 4 MiB of files and
// 16,384 rows at most.
std::vector<std::span<const Bucket>> UnitsOf(std::span<const Bucket> buckets, int64_t target_bytes);

}  // namespace earthcatalog::maintain
