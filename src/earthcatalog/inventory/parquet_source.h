// Rows of a Parquet inventory.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>

#include "earthcatalog/inventory/raw_row.h"

namespace earthcatalog::inventory {

// Reads only the columns that are needed, one row group after the other, in small batches. Errors: no
// Parquet, no bucket or key column, a column of a type that cannot mean what its name says.
Result<std::unique_ptr<RowSource>> OpenParquet(std::shared_ptr<arrow::io::RandomAccessFile> file);

}  // namespace earthcatalog::inventory
