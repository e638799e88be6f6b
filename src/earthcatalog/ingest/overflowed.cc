#include "earthcatalog/ingest/overflowed.h"

#include <algorithm>

namespace earthcatalog::ingest {
namespace {

uint64_t CountOf(const Overflowed& overflowed) { return overflowed.count; }
uint64_t CountOf(uint64_t count) { return count; }

template <typename Value>
std::vector<std::pair<std::string, Value>> Most(const std::map<std::string, Value>& all, size_t most) {
  std::vector<std::pair<std::string, Value>> ordered(all.begin(), all.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return CountOf(a.second) > CountOf(b.second); });
  ordered.resize(std::min(ordered.size(), most));
  return ordered;
}

}  // namespace

OverflowedColumns CountMisfits(const std::vector<item::MisfitOfRow>& misfits) {
  OverflowedColumns columns;
  for (const auto& [row, id, misfit] : misfits) {
    ++columns.try_emplace(misfit.column, Overflowed{0, id, misfit.value, misfit.has_column})
          .first->second.count;
  }
  return columns;
}

void Add(const OverflowedColumns& later, OverflowedColumns* columns) {
  for (const auto& [name, overflowed] : later) {
    const auto [column, is_new] = columns->try_emplace(name, overflowed);
    if (!is_new) column->second.count += overflowed.count;
  }
  if (columns->size() <= kMostOverflowedHeld) return;
  const auto most = MostUsed(*columns, kMostOverflowedHeld / 2);
  *columns = OverflowedColumns(most.begin(), most.end());
}

std::vector<std::pair<std::string, Overflowed>> MostUsed(const OverflowedColumns& columns, size_t most) {
  return Most(columns, most);
}

std::vector<std::pair<std::string, uint64_t>> MostUsed(const std::map<std::string, uint64_t>& counts,
                                                       size_t most) {
  return Most(counts, most);
}

}  // namespace earthcatalog::ingest
