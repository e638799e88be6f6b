// Bringing columns encoded with an older schema up to date.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <memory>

#include "earthcatalog/base/status.h"

namespace earthcatalog::rows {

// `array` as `type`: struct children matched by name, missing ones null, numbers widened (int32 to int64,
// float to double). Errors: a child that `type` lacks, any other change of type.
Result<std::shared_ptr<arrow::Array>> Conform(const std::shared_ptr<arrow::Array>& array,
                                              const std::shared_ptr<arrow::DataType>& type);

// The column of `rows` named as `field`, as its type; all null when there is none.
Result<std::shared_ptr<arrow::Array>> ConformColumn(const arrow::RecordBatch& rows,
                                                    const arrow::Field& field);

// All columns of `rows` as `schema` has them, missing ones null. Errors: a column that `schema` lacks, and
// those of Conform, with the column's name.
Result<std::shared_ptr<arrow::RecordBatch>> ConformRows(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                        const std::shared_ptr<arrow::Schema>& schema);

// The same of several batches, in one. Consumes them column by column, so that the data is never held twice
// as a whole (if nobody else holds them).
Result<std::shared_ptr<arrow::RecordBatch>> JoinRows(arrow::RecordBatchVector batches,
                                                     const std::shared_ptr<arrow::Schema>& schema);

}  // namespace earthcatalog::rows
