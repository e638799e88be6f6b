// The columns that compaction writes: one of its own, and those that get other types.
#pragma once

#include <arrow/type.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/maintain/compact.h"

namespace earthcatalog::maintain {

// The table's columns and those that compacted rows need besides: `_ingested`, whatever room the columns of
// items leave, and in a table of an earlier version `_overflow` where types change, since not every value
// fits its new one. kCorrupt where `_ingested` is of another type.
Result<std::shared_ptr<arrow::Schema>> ColumnsFor(const std::shared_ptr<arrow::Schema>& table,
                                                  bool types_change);

// The types that are named for columns of the table with this schema. kUsage: see Compact() (compact.h).
Result<std::map<std::string, std::shared_ptr<arrow::DataType>>> NewTypes(
    const std::map<std::string, std::string>& named, const arrow::Schema& table);

// What becomes of these columns.
std::vector<ChangedColumn> ChangesOf(const std::map<std::string, std::shared_ptr<arrow::DataType>>& types,
                                     const arrow::Schema& table);

}  // namespace earthcatalog::maintain
