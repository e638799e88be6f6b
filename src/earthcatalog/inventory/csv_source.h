// Rows of a CSV inventory.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/inventory/raw_row.h"

namespace earthcatalog::inventory {

// With or without header. `stream` gives the text itself, decompressed. Reads the first record: errors are
// those of the stream, an empty inventory, one column only, a header without bucket or key.
Result<std::unique_ptr<RowSource>> OpenCsv(std::shared_ptr<arrow::io::InputStream> stream);

// The same of a data file that a manifest lists: it has these columns, no header and percent-encoded keys
// (`+` is a space), and it may be empty. Reads nothing yet. Errors: no bucket or key among the columns.
Result<std::unique_ptr<RowSource>> OpenListedCsv(std::shared_ptr<arrow::io::InputStream> stream,
                                                 const std::vector<std::string>& columns);

}  // namespace earthcatalog::inventory
