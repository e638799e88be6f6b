// Boxes that nobody vouches for.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <functional>
#include <memory>

#include "earthcatalog/base/status.h"

namespace earthcatalog::item {

// Rows of files of earlier versions and of other engines as an encoder makes them now: the column `bbox` has
// the envelope of the geometry and is null without one; what the item states, if that is another, is in the
// overflow. Rows that are so already stay as they are, and so do those of a table without the two columns.
// kCorrupt, naming the row, for a geometry that is no WKB, in such a table too, and for an overflow that is
// no JSON. `number_of`: by which number, of the one in `rows`; empty: by that.
Result<std::shared_ptr<arrow::RecordBatch>> MendBoxes(
    const std::shared_ptr<arrow::RecordBatch>& rows,
    const std::function<int64_t(int64_t row)>& number_of = {});

}  // namespace earthcatalog::item
