#include "earthcatalog/rows/fan_out.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <tuple>

#include "earthcatalog/base/time.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/rows/conform.h"
#include "earthcatalog/rows/sort_key.h"
#include "earthcatalog/rows/version_parts.h"

namespace earthcatalog::rows {
namespace {

constexpr int kNoYear = INT32_MAX;  // after every year

// The place of each item in file order, whatever file it goes to.
std::vector<uint32_t> RankItems(const arrow::RecordBatch& items) {
  const FileOrder sorted(items);
  std::vector<uint32_t> order(static_cast<size_t>(items.num_rows()));
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return sorted.Compare(a, b) < 0; });
  std::vector<uint32_t> rank(order.size());
  for (uint32_t place = 0; place < order.size(); ++place) rank[order[place]] = place;
  return rank;
}

Result<std::vector<int>> YearsOf(const arrow::RecordBatch& items) {
  const auto datetime = std::dynamic_pointer_cast<arrow::TimestampArray>(items.GetColumnByName("datetime"));
  if (datetime == nullptr ||
      static_cast<const arrow::TimestampType&>(*datetime->type()).unit() != arrow::TimeUnit::MICRO) {
    return CorruptError("the table's column 'datetime' is not a timestamp in microseconds");
  }
  std::vector<int> years(static_cast<size_t>(items.num_rows()), kNoYear);
  for (int64_t i = 0; i < items.num_rows(); ++i) {
    if (datetime->IsValid(i)) years[static_cast<size_t>(i)] = YearOf(datetime->Value(i));
  }
  return years;
}

struct Entry {
  grid::CellId cell;
  int year;
  uint32_t part;
  uint32_t rank;
  uint32_t item;

  bool operator<(const Entry& other) const {
    return std::tie(cell, year, part, rank) < std::tie(other.cell, other.year, other.part, other.rank);
  }
  bool SameFile(const Entry& other) const {
    return cell == other.cell && year == other.year && part == other.part;
  }
};

}  // namespace

std::shared_ptr<arrow::Schema> WithoutCells(const arrow::Schema& schema) {
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    if (field->name() != item::kGridPartition) fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

Result<FannedOut> FanOut(const arrow::Schema& schema, std::vector<AssignedItems> items) {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  std::vector<Entry> entries;
  std::vector<std::span<const grid::CellId>> cells_of;  // each item
  FannedOut result;
  uint32_t item = 0;
  for (AssignedItems& batch : items) {
    if (batch.rows->num_rows() == 0) continue;
    for (size_t i = 0; i + 1 < batch.cells.offsets.size(); ++i, ++item) {
      const auto* cells = batch.cells.cells.data();
      cells_of.emplace_back(cells + batch.cells.offsets[i], cells + batch.cells.offsets[i + 1]);
      for (uint32_t c = batch.cells.offsets[i]; c < batch.cells.offsets[i + 1]; ++c) {
        entries.push_back({batch.cells.cells[c], 0, 0, 0, item});
      }
    }
    result.item_bytes.insert(result.item_bytes.end(), batch.item_bytes.begin(), batch.item_bytes.end());
    batches.push_back(std::move(batch.rows));
  }
  if (batches.empty()) return result;
  ARROW_ASSIGN_OR_RAISE(result.items, JoinRows(std::move(batches), WithoutCells(schema)));
  const std::vector<uint32_t> rank = RankItems(*result.items);
  ARROW_ASSIGN_OR_RAISE(const std::vector<int> years, YearsOf(*result.items));
  const std::vector<uint32_t> parts = PartsOfVersions(*result.items, cells_of);
  result.parts = *std::max_element(parts.begin(), parts.end()) + 1;
  for (Entry& entry : entries) {
    entry.part = parts[entry.item];
    entry.year = years[entry.item];
    entry.rank = rank[entry.item];
  }
  std::sort(entries.begin(), entries.end());
  result.order.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i == 0 || !entries[i].SameFile(entries[i - 1])) {
      const std::optional<int> year =
          entries[i].year == kNoYear ? std::nullopt : std::optional(entries[i].year);
      result.groups.push_back({entries[i].cell, year, entries[i].part, i, i});
    }
    result.groups.back().end = i + 1;
    result.order.push_back(entries[i].item);
  }
  return result;
}

}  // namespace earthcatalog::rows
