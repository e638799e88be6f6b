// The overflow text of an item: a part of the item in the item's own shape, holding what has no column.
// Merging it into the row, objects with objects and everything else by replacement, gives the item back. A
// null is an explicit null of the item: `{"properties":{"datetime":null}}` says that `datetime` is there and
// null, while a null column without it says that the member is missing. (`geometry` alone is always there:
// null in the column is null in the item.)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/item/json_reader.h"

namespace earthcatalog::item {

// Follows the encoder through an item's objects; their braces are written when something in them is kept.
class OverflowWriter {
 public:
  void StartItem();

  // Into the member `name` of the current object, which is an object; and out again. `name` stays valid
  // meanwhile.
  void Enter(std::string_view name) { levels_.push_back({name, false, false}); }
  void Leave();
  // The column of the member `name` of the current object: a dotted path, without `properties`.
  std::string PathOf(std::string_view name) const;

  // Keeps the value that `reader` is at, or goes to, as the member `name` of the current object. False if it
  // is not JSON: the reader says why. `raw_name` is a name as it was written.
  bool Keep(std::string_view name, JsonReader* reader);
  bool KeepRaw(std::string_view raw_name, JsonReader* reader);
  // What Keep or KeepRaw kept last, without white space. Valid until the next call.
  std::string_view last_value() const { return std::string_view(text_).substr(last_value_); }
  // The same of a text that is JSON.
  void KeepText(std::string_view name, std::string_view json);

  // The item's text, or nothing if all of it has columns. Valid until StartItem.
  std::string_view FinishItem();

 private:
  struct Level {
    std::string_view name;
    bool open;     // its brace is written
    bool started;  // it has a member
  };
  void Open(size_t level);
  void BeginMember(std::string_view name);
  void Separate(Level* level);

  std::vector<Level> levels_;
  std::string text_;
  size_t last_value_ = 0;  // where it begins
};

}  // namespace earthcatalog::item
