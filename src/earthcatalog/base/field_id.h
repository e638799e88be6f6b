// The id by which files and the table know a column, kept in its Arrow field.
#pragma once

#include <arrow/type.h>

#include <memory>

#include "earthcatalog/base/status.h"

namespace earthcatalog {

inline constexpr char kFieldIdKey[] = "PARQUET:field_id";  // as Arrow's Parquet reader and writer name it

// kCorrupt, naming the column, when it has none.
Result<int> FieldIdOf(const arrow::Field& field);

std::shared_ptr<arrow::Field> WithFieldId(const std::shared_ptr<arrow::Field>& field, int id);

}  // namespace earthcatalog
