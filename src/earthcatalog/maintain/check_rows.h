// Whether the rows of a file are what the table says of it, one by one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/maintain/stored_file.h"

namespace earthcatalog::maintain {

struct RowChecks {
  const io::Location& warehouse;
  const arrow::Schema& table;
  const Leaves& leaves;
  const grid::Partitioner* partitioner;  // null: nobody knows which cells rows belong to
  // Given each batch, and the place of its first row in the file; null: nobody wants them.
  std::function<Status(const arrow::RecordBatch& rows, int64_t first)> visit;
};

// The first difference of each kind. Memory: as DataFileReader says. Errors are those of reading the file:
// then what was found before is lost.
Result<std::vector<Difference>> CheckRows(const RowChecks& checks, const iceberg::DataFile& entry,
                                          const CancelSource& cancel);

}  // namespace earthcatalog::maintain
