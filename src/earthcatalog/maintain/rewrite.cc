#include "earthcatalog/maintain/rewrite.h"

#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/grid/cell_name.h"
#include "earthcatalog/rows/data_file_name.h"
#include "earthcatalog/rows/merge.h"
#include "earthcatalog/rows/merge_small.h"

namespace earthcatalog::maintain {
namespace {

// Of the memory limit, for the rows of small files: they are held once more when they are joined, and once
// more when they are written.
constexpr int64_t kSmallFilesPart = 4;

rows::MergeInput InputOf(const TableFile& file) {
  return {.file = {.uri = file.file.path, .size = file.file.file_size},
          .sequence_number = file.file.sequence_number,
          .boxes_hold = file.boxes_hold};
}

}  // namespace

Status RewriteFiles(const RewriteTarget& target, const std::vector<RewriteInput>& inputs,
                    const OnRows& on_rows, const CancelSource& cancel, rows::UncommittedFiles* files) {
  const iceberg::Partition partition = inputs.front().file->file.partition;
  const std::string cell = partition.grid_partition.value_or("");
  if (!grid::CanBeFolder(cell)) {
    return CorruptError("{} is in a cell that can be no folder: '{}'",
                        OneLine(inputs.front().file->file.path), OneLine(cell));
  }
  std::vector<rows::MergeInput> merged;
  for (const RewriteInput& input : inputs) {
    merged.push_back(InputOf(*input.file));
    merged.back().left_out = input.left_out;
  }
  ARROW_ASSIGN_OR_RAISE(const auto merge,
                        rows::Merge::Open(target.warehouse, std::move(merged), target.columns,
                                          {.memory_bytes = target.memory_bytes}, cancel));
  rows::DataFilesTarget output{
      .schema = merge->schema(),
      .partition = partition,
      .place =
          [&](size_t number) {
            return target.warehouse.Join(rows::DataFilePath(cell, partition.calendar_year(),
                                                            static_cast<int64_t>(number), target.token));
          },
      .file_bytes = target.file_bytes,
      .stream = rows::StreamOptionsWithin(target.memory_bytes)};
  if (on_rows) {
    output.on_rows = [&](const io::Location& file, int64_t first, const arrow::RecordBatch& rows) {
      return on_rows(file.uri, partition, first, rows);
    };
  }
  return rows::WriteMerged(merge.get(), std::move(output), cancel, files);
}

Result<bool> RewriteSmallFiles(const RewriteTarget& target, std::span<const Bucket> buckets,
                               const OnRows& on_rows, const CancelSource& cancel,
                               rows::UncommittedFiles* files) {
  std::vector<iceberg::Partition> partitions;
  std::vector<rows::MergeInput> inputs;
  for (const Bucket& bucket : buckets) {
    for (const TableFile& file : bucket) {
      inputs.push_back(InputOf(file));
      inputs.back().partition = static_cast<uint32_t>(partitions.size());
    }
    partitions.push_back(bucket.front().file.partition);
  }
  ARROW_ASSIGN_OR_RAISE(const auto merged,
                        rows::MergeSmallFiles(target.warehouse, std::move(inputs), partitions, target.columns,
                                              target.memory_bytes / kSmallFilesPart, cancel));
  if (!merged) return false;
  rows::WriteTarget output{.warehouse = target.warehouse,
                           .schema = merged->schema,
                           .cell_name = [&](grid::CellId cell) { return *partitions[cell].grid_partition; }};
  if (on_rows) {
    output.on_rows = [&](const io::Location& file, const iceberg::Partition& partition,
                         const arrow::RecordBatch& rows) { return on_rows(file.uri, partition, 0, rows); };
  }
  ARROW_RETURN_NOT_OK(rows::WriteFiles(output, merged->rows, cancel, files));
  return true;
}

}  // namespace earthcatalog::maintain
