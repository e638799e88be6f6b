// Rows of a CSV inventory, with or without header.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>

#include "earthcatalog/inventory/raw_row.h"

namespace earthcatalog::inventory {

// `stream` gives the text itself, decompressed. Reads the first record: errors are those of the stream, an
// empty inventory, one column only, a header without bucket or key.
Result<std::unique_ptr<RowSource>> OpenCsv(std::shared_ptr<arrow::io::InputStream> stream);

}  // namespace earthcatalog::inventory
