#include "earthcatalog/ingest/wide_items.h"

#include <arrow/array.h>

#include <memory>

namespace earthcatalog::ingest {
namespace {

std::string TextAt(const arrow::RecordBatch& rows, const char* name, int64_t row) {
  const auto column = std::dynamic_pointer_cast<arrow::StringArray>(rows.GetColumnByName(name));
  return column != nullptr && column->IsValid(row) ? column->GetString(row) : "";
}

}  // namespace

void WideItems::Add(const WideItems& later) {
  const uint64_t all = count + later.count;
  if (later.touched > touched) *this = later;
  count = all;
}

WideItems WideItemsOf(const grid::CellAssignments& cells, int64_t max_cells, const arrow::RecordBatch& rows) {
  WideItems wide;
  uint32_t widest = 0;
  const auto count = [&](uint32_t item, uint64_t touched) {
    ++wide.count;
    if (touched <= wide.touched) return;
    wide.touched = touched;
    widest = item;
  };
  if (max_cells != 0) {
    for (const auto& [item, touched] : cells.wide) count(item, touched);
  } else {
    for (uint32_t item = 0; item + 1 < cells.offsets.size(); ++item) {
      const uint32_t touched = cells.offsets[item + 1] - cells.offsets[item];
      if (touched > grid::kDefaultMaxCells) count(item, touched);
    }
  }
  if (wide.count == 0) return wide;
  wide.collection = TextAt(rows, "collection", widest);
  wide.id = TextAt(rows, "id", widest);
  wide.rows = cells.offsets[widest + 1] - cells.offsets[widest];
  return wide;
}

}  // namespace earthcatalog::ingest
