// Columns of properties that get other types.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "earthcatalog/base/status.h"

namespace earthcatalog::item {

// Whether items have values that a column of this type holds.
bool HoldsValues(const arrow::DataType& type);

// Whether the property of this name may get a column of another type. Not the columns that every table starts
// with, by which rows are found and sorted, nor those that are no property's.
bool MayChangeType(const std::string& column);

// The rows of the same items with the columns `changed`, all of them of properties, in the types that they
// have in `table`: their values come from the columns of `rows`, in whatever type these are, and from the
// overflow; those that the new type does not hold are in the overflow. `_style` is made anew where instants
// are concerned. All other columns stay as they are. A changed column without a value is left out of the
// result; so is a missing `_style` that no row needs. Rows that are so already come back equal,
// but for the order of members in the overflow.
//
// Errors: kCorrupt, naming the row, for an overflow or a style that is broken and for a value of a type that
// no item's value has; also a table without `_overflow`. `number_of`: by which number, of the one in `rows`;
// empty: by that.
Result<std::shared_ptr<arrow::RecordBatch>> ChangeTypes(
    const std::shared_ptr<arrow::RecordBatch>& rows, const arrow::Schema& table,
    const std::set<std::string>& changed, const std::function<int64_t(int64_t row)>& number_of = {});

}  // namespace earthcatalog::item
