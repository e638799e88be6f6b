// What kinds of value were seen in one place, and how often: gathered over the values without a column.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>

#include "earthcatalog/item/json_reader.h"

namespace earthcatalog::item {

// In the order in which a column is theirs where values of two kinds are as many.
enum class Kind { kText, kNumber, kBool, kList, kObject };
inline constexpr size_t kKindCount = 5;

// Gathering is a union, and counts add up: neither the order of the items shows nor how they were divided.
class Shape {
 public:
  // Adds the value that `reader` is at, which is valid JSON, and goes behind it. Whether it tells a type: not
  // null, nor lists and objects of nothing that does.
  bool Add(JsonReader* reader, int nesting = 0);
  void Merge(const Shape& other);

  // Values that told a type.
  uint64_t count(Kind kind) const { return counts_[static_cast<size_t>(kind)]; }
  uint64_t uses() const { return std::accumulate(counts_.begin(), counts_.end(), uint64_t{0}); }
  bool tells() const { return uses() > 0; }
  // Those of one kind alone, if any.
  bool only(Kind kind) const { return uses() == count(kind); }
  // Of the numbers, some are none that fit 64 bits and have neither fraction nor exponent.
  bool fractions() const { return fractions_; }
  // A list was there that told no type.
  bool bare_list() const { return bare_list_; }

  // Of the objects seen, and of the lists: null if there were none.
  const std::map<std::string, Shape, std::less<>>& members() const { return members_; }
  const Shape* member(std::string_view name) const;
  const Shape* elements() const { return elements_.get(); }

 private:
  bool AddNumber(JsonReader* reader);
  bool AddList(JsonReader* reader, int nesting);
  bool AddObject(JsonReader* reader, int nesting);
  bool Count(Kind kind);

  std::array<uint64_t, kKindCount> counts_{};
  bool fractions_ = false;
  bool bare_list_ = false;
  std::map<std::string, Shape, std::less<>> members_;
  std::unique_ptr<Shape> elements_;
};

}  // namespace earthcatalog::item
