// The rows of data files, whoever wrote them, in the types that items have.
#pragma once

#include <arrow/record_batch.h>

#include <memory>

#include "earthcatalog/base/status.h"

namespace earthcatalog::rows {

// `rows` as read from a file: instants of any unit in microseconds of UTC (finer ones are cut), text and
// bytes with 32-bit offsets, dictionaries as what they stand for; other columns as they are. In files without
// field ids, which earthcatalog <= 0.6 wrote, the JSON text of `assets` and the like loses the null members
// that its writer added: it gave an object whatever members the same object has in any row of the file.
Result<std::shared_ptr<arrow::RecordBatch>> AsItemColumns(std::shared_ptr<arrow::RecordBatch> rows);

}  // namespace earthcatalog::rows
