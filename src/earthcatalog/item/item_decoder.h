// From a row of the table back to the item.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <string>

#include "earthcatalog/base/status.h"

namespace earthcatalog::item {

// The JSON text of the item in row `row`: the columns' values, merged with the overflow. Equal to the item's
// source as a JSON value; members are in the order of the columns. Columns that are no part of an item are
// skipped. Errors: a column of a type that no item's value has; text in `_overflow` or `_style`, or WKB, that
// is broken.
Result<std::string> DecodeItem(const arrow::RecordBatch& rows, int64_t row);

}  // namespace earthcatalog::item
