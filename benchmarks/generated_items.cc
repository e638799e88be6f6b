#include "generated_items.h"

#include <h3/h3api.h>

#include <algorithm>
#include <numeric>

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/item/item_encoder.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/synthetic/archive.h"

namespace earthcatalog {
namespace {

constexpr size_t kBatchItems = 10'000;
constexpr int kFirstYear = 1984;
constexpr size_t kYears = 43;

// Cells of resolution 1 from all over the earth.
std::vector<H3Index> SomeCells() {
  std::vector<H3Index> cells(static_cast<size_t>(res0CellCount()));
  (void)getRes0Cells(cells.data());
  for (H3Index& cell : cells) (void)cellToCenterChild(cell, 1, &cell);
  std::sort(cells.begin(), cells.end());
  return cells;
}

}  // namespace

Items GeneratedItems(uint64_t count) {
  Items items;
  for (uint64_t i = 0; i < count; ++i) items.push_back(synthetic::MakeItem({}, i).json);
  return items;
}

std::shared_ptr<arrow::Schema> SchemaOf(const Items& items) {
  const auto encoder = item::MakeItemEncoder(item::InitialSchema()).ValueOrDie();
  auto schema = item::InitialSchema();
  for (size_t i = 0; i < items.size(); i += kBatchItems) {
    for (size_t k = i; k < std::min(i + kBatchItems, items.size()); ++k) (void)encoder->Append(items[k]);
    const auto encoded = encoder->Finish().ValueOrDie();
    if (encoded.additions) schema = item::Evolve(schema, *encoded.additions).ValueOrDie().schema;
  }
  int last_column_id = 0;
  return iceberg::AssignFieldIds(*schema, nullptr, &last_column_id).ValueOrDie();
}

std::shared_ptr<arrow::Schema> WithoutCells(const std::shared_ptr<arrow::Schema>& schema) {
  return schema->RemoveField(schema->GetFieldIndex(std::string(item::kGridPartition))).ValueOrDie();
}

Batches Cut(const arrow::RecordBatch& rows, int64_t rows_per_file) {
  Batches files;
  for (int64_t begin = 0; begin < rows.num_rows(); begin += rows_per_file) {
    files.push_back(rows.Slice(begin, rows_per_file));
  }
  return files;
}

Columns GeneratedColumns(uint64_t count) {
  const Items items = GeneratedItems(count);
  Columns columns{SchemaOf(items), nullptr, {}};
  const auto encoder = item::MakeItemEncoder(columns.schema).ValueOrDie();
  for (const std::string& item : items) {
    (void)encoder->Append(item);  // a rejected one shows when rows are counted
    columns.item_bytes.push_back(static_cast<uint32_t>(item.size()));
  }
  columns.rows = encoder->Finish().ValueOrDie().rows;
  columns.rows = arrow::RecordBatch::Make(WithoutCells(columns.schema), columns.rows->num_rows(),
                                          columns.rows->columns());
  return columns;
}

std::string CellName(grid::CellId cell) {
  static const std::shared_ptr<const grid::Partitioner> partitioner = grid::MakePartitioner({}).ValueOrDie();
  return partitioner->Name(cell);
}

rows::FannedOut InGroups(const Columns& columns, size_t rows_per_file) {
  static const std::vector<H3Index> cells = SomeCells();
  rows::FannedOut rows;
  rows.items = columns.rows;
  rows.item_bytes = columns.item_bytes;
  rows.order.resize(columns.item_bytes.size());
  std::iota(rows.order.begin(), rows.order.end(), 0);
  for (size_t begin = 0; begin < rows.order.size(); begin += rows_per_file) {
    const size_t folder = rows.groups.size();
    rows.groups.push_back({.cell = cells[folder / kYears % cells.size()],
                           .year = kFirstYear + static_cast<int>(folder % kYears),
                           .part = static_cast<uint32_t>(folder / kYears / cells.size()),
                           .begin = begin,
                           .end = std::min(begin + rows_per_file, rows.order.size())});
  }
  rows.parts = rows.groups.back().part + 1;
  return rows;
}

}  // namespace earthcatalog
