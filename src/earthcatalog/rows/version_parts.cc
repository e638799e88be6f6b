#include "earthcatalog/rows/version_parts.h"

#include <algorithm>
#include <unordered_map>

#include "earthcatalog/rows/sort_key.h"

namespace earthcatalog::rows {
namespace {

std::vector<SortKey> KeysOf(const arrow::RecordBatch& items, std::initializer_list<const char*> names) {
  std::vector<SortKey> keys;
  for (const char* name : names) keys.emplace_back(items.GetColumnByName(name));
  return keys;
}

bool SameIn(const std::vector<SortKey>& keys, uint32_t a, uint32_t b) {
  return std::all_of(keys.begin(), keys.end(), [&](const SortKey& key) { return key.Compare(a, b) == 0; });
}

}  // namespace

std::vector<uint32_t> PartsOfVersions(const arrow::RecordBatch& items,
                                      const std::vector<std::span<const grid::CellId>>& cells) {
  const SortKey ids(items.GetColumnByName("id"));
  const std::vector<SortKey> version = KeysOf(items, {"collection", "updated", "created"});
  const std::vector<SortKey> place = KeysOf(items, {"platform", "datetime"});
  const auto hash = [&](uint32_t item) { return ids.Hash(item); };
  const auto same = [&](uint32_t a, uint32_t b) { return ids.Compare(a, b) == 0 && SameIn(version, a, b); };
  // The first of each item's versions, and the last one so far.
  std::unordered_map<uint32_t, uint32_t, decltype(hash), decltype(same)> last(cells.size(), hash, same);
  std::vector<uint32_t> parts(cells.size());
  for (uint32_t item = 0; item < cells.size(); ++item) {
    const auto [found, is_first] = last.try_emplace(item, item);
    if (is_first) continue;
    const uint32_t before = std::exchange(found->second, item);
    const bool same_place = SameIn(place, before, item) && std::ranges::equal(cells[before], cells[item]);
    parts[item] = parts[before] + (same_place ? 0 : 1);
  }
  return parts;
}

}  // namespace earthcatalog::rows
