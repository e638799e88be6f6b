#include "earthcatalog/maintain/compaction_plan.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "earthcatalog/geoparquet/small_file.h"
#include "earthcatalog/grid/cell_name.h"
#include "earthcatalog/item/bbox_column.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/rows/data_file_reader.h"

namespace earthcatalog::maintain {
namespace {

// Of the target size, in percent.
constexpr int64_t kSmallest = 75, kLargest = 180;

enum class State { kGood, kSmall, kBad };

State StateOf(const TableFile& file, const CompactionRule& rule) {
  const int64_t percent = file.file.file_size / std::max<int64_t>(1, rule.target_bytes / 100);
  if (rule.rewrite_all || percent > kLargest || (rule.mend_boxes && !file.boxes_hold)) return State::kBad;
  return percent < kSmallest ? State::kSmall : State::kGood;
}

struct Size {
  int64_t bytes = 0, rows = 0;
};

// Of small buckets that are written anew together.
constexpr Size kUnit{4LL << 20, 16'384};

Size SizeOf(const Bucket& bucket) {
  Size size;
  for (const TableFile& file : bucket) {
    size.bytes += file.file.file_size;
    size.rows += file.file.record_count;
  }
  return size;
}

using Place = std::vector<TableFile>::iterator;

// Of one partition.
void PlanPartition(Place begin, Place end, const CompactionRule& rule, CompactionPlan* plan) {
  const Place good = std::stable_partition(
      begin, end, [&](const TableFile& file) { return StateOf(file, rule) != State::kGood; });
  const bool any_bad =
      std::any_of(begin, good, [&](const TableFile& file) { return StateOf(file, rule) == State::kBad; });
  // Other engines' cells may be none that can have a folder.
  const bool has_folder = grid::CanBeFolder(begin->file.partition.grid_partition.value_or(""));
  const bool due = has_folder && (any_bad || good - begin >= rule.threshold);
  const Place staying = due ? good : begin;
  if (begin != staying) {
    plan->buckets.emplace_back(std::make_move_iterator(begin), std::make_move_iterator(staying));
  }
  std::move(staying, end, std::back_inserter(plan->staying));
}

}  // namespace

Result<std::vector<TableFile>> ListFiles(const iceberg::Table& table) {
  std::vector<TableFile> files;
  const auto add = [&](const iceberg::DataFile& file) {
    TableFile& added = files.emplace_back();
    added.file.path = file.path;
    added.file.partition = file.partition;
    added.file.record_count = file.record_count;
    added.file.file_size = file.file_size;
    added.file.sequence_number = file.sequence_number;
    added.boxes_hold = iceberg::BoxesHold(file);
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(table.ScanFiles(std::nullopt, {}, add));
  return files;
}

CompactionRule RuleFor(const CompactOptions& options, const arrow::Schema& schema) {
  const auto bbox = schema.GetFieldByName("bbox");
  // 0.6.1 made texts of them, which cannot hold. What an item states needs a place beside its box.
  return {.threshold = options.threshold,
          .target_bytes = options.target_bytes,
          .rewrite_all = options.rewrite_all || !options.column_types.empty(),
          .mend_boxes = bbox != nullptr && item::IsBboxStruct(*bbox->type()) &&
                        schema.GetFieldIndex(std::string(item::kOverflow)) >= 0};
}

CompactionPlan PlanCompaction(std::vector<TableFile> files, const CompactionRule& rule) {
  std::stable_sort(files.begin(), files.end(), [](const TableFile& a, const TableFile& b) {
    return a.file.partition < b.file.partition;
  });
  CompactionPlan plan;
  for (Place begin = files.begin(); begin != files.end();) {
    const Place end = std::find_if(begin, files.end(), [&](const TableFile& file) {
      return file.file.partition != begin->file.partition;
    });
    ++plan.partitions;
    PlanPartition(begin, end, rule, &plan);
    begin = end;
  }
  return plan;
}

std::vector<std::span<const Bucket>> UnitsOf(std::span<const Bucket> buckets, int64_t target_bytes) {
  std::vector<std::span<const Bucket>> units;
  Size room;  // in the last one
  for (size_t i = 0; i < buckets.size(); ++i) {
    const Size size = SizeOf(buckets[i]);
    const bool small = size.bytes <= std::min(rows::kSmallFileBytes, target_bytes) &&
                       size.rows <= geoparquet::kSmallFileRows;
    if (small && size.bytes <= room.bytes && size.rows <= room.rows) {
      units.back() = {units.back().data(), units.back().size() + 1};
    } else {
      units.push_back(buckets.subspan(i, 1));
      room = small ? kUnit : Size{};
    }
    room.bytes -= size.bytes;
    room.rows -= size.rows;
  }
  return units;
}

}  // namespace earthcatalog::maintain
