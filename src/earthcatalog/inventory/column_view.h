// Values of an Arrow array of any type that an inventory's column may have.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <memory>

#include "earthcatalog/inventory/raw_row.h"

namespace earthcatalog::inventory {

// OK when a column of this type can be read as `column`; otherwise an error that names both.
Status CheckType(Column column, const arrow::DataType& type);

// Values of an array that passed CheckType. Cheap to make; texts point into the array.
class ColumnView {
 public:
  ColumnView() = default;  // of a missing column: every value is absent
  explicit ColumnView(const arrow::Array& array);

  Value At(int64_t row) const;

 private:
  const arrow::Array* array_ = nullptr;
  const arrow::Array* dictionary_ = nullptr;  // the values, when array_ holds indices
  int64_t micros_per_unit_ = 1;               // of a time; negative: so many units are a microsecond
};

}  // namespace earthcatalog::inventory
