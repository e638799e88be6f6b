// Walking a schema's fields: what the files about schemas share.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>

#include "earthcatalog/base/status.h"

namespace earthcatalog::iceberg {

// A struct, list or map.
bool IsNested(const arrow::DataType& type);

// The fields below a struct, list (one field, `element`) or map (two, `key` and `value`); none for other
// types.
arrow::FieldVector ChildrenOf(const arrow::DataType& type);

// `type`, a struct, list or map, with other children.
std::shared_ptr<arrow::DataType> WithChildren(const arrow::DataType& type,
                                              const arrow::FieldVector& children);

// Whether values of primitive type `from` may be read as `to`: equal, int -> long, float -> double, or a
// decimal of more digits.
bool CanGrowInto(const arrow::DataType& from, const arrow::DataType& to);

}  // namespace earthcatalog::iceberg
