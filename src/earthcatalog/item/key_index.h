// From a key in JSON text to its place among known names: in the common case one comparison.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "earthcatalog/item/json_reader.h"

namespace earthcatalog::item {

// Items of one collection have their keys in one order, so each known key remembers which one followed it
// last.
class KeyIndex {
 public:
  static constexpr int kUnknown = -1;

  explicit KeyIndex(std::vector<std::string> names);
  KeyIndex(const KeyIndex&) = delete;  // the map's keys are views of the names
  KeyIndex& operator=(const KeyIndex&) = delete;

  // Reads the key that `reader` is at and says which it is, guessing that it follows `previous` (kUnknown:
  // that it is the first). Not one of ours, or no key at all: kUnknown, and `*raw` is its text.
  int Read(JsonReader* reader, int previous, std::string_view* raw) {
    const int guess = next_[static_cast<size_t>(previous + 1)];
    if (guess != kUnknown && reader->TakeKey(names_[static_cast<size_t>(guess)])) return guess;
    return LookUp(reader, previous, raw);
  }

 private:
  int LookUp(JsonReader* reader, int previous, std::string_view* raw);

  std::vector<std::string> names_;
  std::unordered_map<std::string_view, int> places_;
  std::vector<int> next_;  // [place + 1]: what followed it last
  std::string decoded_;
};

}  // namespace earthcatalog::item
