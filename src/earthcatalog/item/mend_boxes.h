// Boxes that nobody vouches for.
#pragma once

#include <arrow/record_batch.h>

#include <memory>

#include "earthcatalog/base/status.h"

namespace earthcatalog::item {

// Rows of files of earlier versions and of other engines as an encoder makes them now: the column `bbox` has
// the envelope of the geometry and is null without one; what the item states, if that is another, is in the
// overflow. Rows that are so already stay as they are, and so do those of a table without the two columns.
// Errors name the row: geometries that are no WKB, an overflow that is no JSON.
Result<std::shared_ptr<arrow::RecordBatch>> MendBoxes(const std::shared_ptr<arrow::RecordBatch>& rows);

}  // namespace earthcatalog::item
