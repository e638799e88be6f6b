// Rows of an ORC inventory.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>

#include "earthcatalog/inventory/raw_row.h"

namespace earthcatalog::inventory {

// Reads only the columns that are needed, one stripe after the other, in small batches. Times are UTC.
// Errors: no ORC, no bucket or key column, a column of a type that cannot mean what its name says.
Result<std::unique_ptr<RowSource>> OpenOrc(const std::shared_ptr<arrow::io::RandomAccessFile>& file);

}  // namespace earthcatalog::inventory
