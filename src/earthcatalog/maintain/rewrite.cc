#include "earthcatalog/maintain/rewrite.h"

#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/grid/cell_name.h"
#include "earthcatalog/rows/data_file_name.h"
#include "earthcatalog/rows/merge.h"

namespace earthcatalog::maintain {

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
    const iceberg::DataFile& file = input.file->file;
    merged.push_back({.file = {.uri = file.path, .size = file.file_size},
                      .sequence_number = file.sequence_number,
                      .left_out = input.left_out,
                      .boxes_hold = input.file->boxes_hold});
  }
  ARROW_ASSIGN_OR_RAISE(const auto merge,
                        rows::Merge::Open(target.warehouse, std::move(merged), target.schema,
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

}  // namespace earthcatalog::maintain
