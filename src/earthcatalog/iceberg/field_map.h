// Values by field id, in a sorted vector: some dozens of them for each of very many data files.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <utility>
#include <vector>

namespace earthcatalog::iceberg {

// Fast where ids come in rising order.
template <typename Value>
class FieldMap {
 public:
  using value_type = std::pair<int, Value>;
  using const_iterator = typename std::vector<value_type>::const_iterator;

  FieldMap() = default;
  FieldMap(std::initializer_list<value_type> entries) : FieldMap(std::vector<value_type>(entries)) {}
  // In any order; of an id that is repeated the first counts.
  explicit FieldMap(std::vector<value_type> entries) : entries_(std::move(entries)) {
    const auto out_of_order = [](const value_type& a, const value_type& b) { return a.first >= b.first; };
    if (std::adjacent_find(entries_.begin(), entries_.end(), out_of_order) == entries_.end()) return;
    const auto less = [](const value_type& a, const value_type& b) { return a.first < b.first; };
    std::stable_sort(entries_.begin(), entries_.end(), less);
    const auto same = [](const value_type& a, const value_type& b) { return a.first == b.first; };
    entries_.erase(std::unique(entries_.begin(), entries_.end(), same), entries_.end());
  }

  void Set(int id, Value value) {
    const bool last = entries_.empty() || entries_.back().first < id;
    const auto place = last ? entries_.end() : LowerBound(entries_, id);
    if (place != entries_.end() && place->first == id) {
      place->second = std::move(value);
    } else {
      entries_.emplace(place, id, std::move(value));
    }
  }

  const_iterator find(int id) const {
    const auto place = LowerBound(entries_, id);
    return place != end() && place->first == id ? place : end();
  }

  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }
  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  void reserve(size_t count) { entries_.reserve(count); }

  bool operator==(const FieldMap&) const = default;

 private:
  static auto LowerBound(auto& entries, int id) {
    return std::lower_bound(entries.begin(), entries.end(), id,
                            [](const value_type& entry, int wanted) { return entry.first < wanted; });
  }

  std::vector<value_type> entries_;
};

}  // namespace earthcatalog::iceberg
