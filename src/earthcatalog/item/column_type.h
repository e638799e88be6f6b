// Which type a column should have, by the values seen in its place: the one place that decides it.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string_view>

#include "earthcatalog/item/shape.h"

namespace earthcatalog::item {

// A property has the type that is declared for it, whatever its values are. All others have that of most of
// their values: numbers are doubles, since who has 1 today may have 0.25 tomorrow. Inside structs a declared
// type counts where all values fit it.
class ColumnTypes {
 public:
  // Null where nothing tells a type. `column`: what the table has in this place, or null. The type is then
  // what it might grow by: of a struct its members, of a list its elements, of numbers a wider one.
  std::shared_ptr<arrow::DataType> OfProperty(std::string_view name, const Shape& values,
                                              const arrow::DataType* column);
  std::shared_ptr<arrow::DataType> OfValues(const Shape& values, const arrow::DataType* column);

  // A type asked for went by how many values there are of each kind.
  bool by_use() const { return by_use_; }

 private:
  std::shared_ptr<arrow::DataType> OfMember(std::string_view name, const Shape& values,
                                            const arrow::DataType* column);
  std::shared_ptr<arrow::DataType> OfLists(const Shape& values, const arrow::DataType* column);
  std::shared_ptr<arrow::DataType> OfObjects(const Shape& values, const arrow::DataType* column);
  Kind MostOf(const Shape& values);

  bool by_use_ = false;
};

}  // namespace earthcatalog::item
