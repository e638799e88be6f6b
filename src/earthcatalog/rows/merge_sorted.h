// Several sorted streams of rows become one.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::rows {

// The rows of all sources in file order (FileOrder, sort_key.h), of equal ones those of an earlier source
// first, in columns of `schema` (JoinRows says how they are made), in batches of about `batch_bytes`. The
// sources are in file order themselves: the reader fails when one is not. Memory: of each source a batch, and
// three times `batch_bytes`. One thread at a time; useless after an error.
Result<std::shared_ptr<arrow::RecordBatchReader>> MergeSorted(
    std::vector<std::shared_ptr<arrow::RecordBatchReader>> sources, std::shared_ptr<arrow::Schema> schema,
    int64_t batch_bytes);

}  // namespace earthcatalog::rows
