// What the schema might grow by: gathered from the items' overflow over a batch.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string_view>

#include "earthcatalog/base/status.h"
#include "earthcatalog/item/shape.h"

namespace earthcatalog::item {

class Growth {
 public:
  // `overflow` is an item's overflow text; `has_new`: it holds more than what can never have
  // a column.
  void Add(std::string_view overflow, bool has_new);

  // An item's text is in the overflow only because there is no column `_style`.
  void AddStyle() { needs_style_ = true; }

  struct Found {
    std::shared_ptr<arrow::Schema> additions{};  // columns to add to the schema, or null
    bool typed = false;                          // there are values that tell a type, whether or not they add
    bool unplaced = false;                       // an item had more than what can never have a column
  };
  // What was found of items encoded with `schema`; starts again.
  Result<Found> Finish(const std::shared_ptr<arrow::Schema>& schema);

 private:
  Shape shape_;  // of an item, as far as it overflowed
  bool overflowed_ = false;
  bool has_new_ = false;
  bool needs_style_ = false;
};

}  // namespace earthcatalog::item
