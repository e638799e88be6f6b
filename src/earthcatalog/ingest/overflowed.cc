#include "earthcatalog/ingest/overflowed.h"

namespace earthcatalog::ingest {

OverflowedColumns CountMisfits(const std::vector<item::MisfitOfRow>& misfits) {
  OverflowedColumns columns;
  for (const auto& [row, id, misfit] : misfits) {
    ++columns.try_emplace(misfit.column, Overflowed{0, id, misfit.value}).first->second.count;
  }
  return columns;
}

void Add(const OverflowedColumns& later, OverflowedColumns* columns) {
  for (const auto& [name, overflowed] : later) {
    const auto [column, is_new] = columns->try_emplace(name, overflowed);
    if (!is_new) column->second.count += overflowed.count;
  }
}

}  // namespace earthcatalog::ingest
