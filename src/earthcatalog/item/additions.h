// What columns items would have had if the schema were theirs to choose: gathered from their overflow.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "earthcatalog/base/status.h"
#include "earthcatalog/item/shape.h"

namespace earthcatalog::item {

// A value. Merging is commutative and associative: what comes of many does not depend on their order, nor on
// how the items were divided among them.
class Additions {
 public:
  // `overflow` is an item's overflow text.
  void Add(std::string_view overflow);
  // The table has no overflow column, and needs one.
  void AddOverflowColumn() { overflow_column_ = true; }
  // An item's text is in its overflow only because the table has no column `_style`.
  void AddStyleColumn() { style_column_ = true; }
  void Merge(const Additions& other);

  // Whether any of it may have a column, in some schema that has the columns of `current` and more.
  bool MayHaveColumns(const arrow::Schema& current) const;

  struct Columns {
    std::shared_ptr<arrow::Schema> schema;  // sorted by name
    bool by_use;                            // a type went by how many values there are of each kind
  };
  // For a table with the columns of `current`; without those that have nothing to grow by.
  Columns ColumnsFor(const arrow::Schema& current) const;

  // The values of one column, or null.
  const Shape* ValuesOf(std::string_view column) const;

 private:
  Shape items_;
  bool overflow_column_ = false;
  bool style_column_ = false;
};

struct Grown {
  std::shared_ptr<arrow::Schema> schema;
  uint64_t left_out = 0;  // columns, nested ones counted one by one, for which there was no room
  bool by_use = false;    // how many items use each name, or have each kind of value, decided on it
};

// Evolve() of item_schema.h by the columns for these values. Where there is no room for all, names come in
// the order of how often they are used, then of the alphabet; of assets each one's `href` before all else.
Result<Grown> Evolve(const std::shared_ptr<arrow::Schema>& current, const Additions& additions);

}  // namespace earthcatalog::item
