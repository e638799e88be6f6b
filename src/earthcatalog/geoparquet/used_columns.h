// Which of a table's columns a file needs.
//
// A table of many collections has hundreds of columns of which the items of one file fill a few dozen. A
// column without a value costs a file some hundred bytes and a manifest some dozen, so a file leaves it out:
// to readers of the table it is null there all the same, by its field id.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::geoparquet {

// A character for each top-level column and, below structs that are used, for each field: '1' used, '0' not.
// Used are columns and fields in which any row has a value; what may not be null; the columns that every
// table starts with, whole (in a table whose `assets` is text, those that earthcatalog <= 0.6 starts with);
// the insides of lists; and one field, if no other is, of a struct that is used.
std::string FindUsedColumns(const arrow::RecordBatch& rows);

// The columns that rows of several schemas have between them: what a file of all these rows needs.
class PresentColumns {
 public:
  // Each column, and below structs each field, of a schema whose columns are named as the table's.
  void Add(const arrow::Schema& rows);

  // Those of `table` that are present, and those that every file has.
  std::shared_ptr<arrow::Schema> Of(const arrow::Schema& table) const;

 private:
  std::set<std::vector<std::string>> paths_;
};

// The schema and the rows of the columns used, for `used` as found for rows of this schema. Copies no data.
std::shared_ptr<arrow::Schema> SelectColumns(const std::string& used, const arrow::Schema& schema);
std::shared_ptr<arrow::RecordBatch> SelectColumns(const std::string& used,
                                                  const std::shared_ptr<arrow::Schema>& selected,
                                                  const arrow::RecordBatch& rows);

}  // namespace earthcatalog::geoparquet
