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

}  // namespace earthcatalog::rows
