// The columns of Parquet files that anybody may have written, as a table would have them.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/type.h>

#include <memory>
#include <optional>

#include "earthcatalog/base/status.h"

namespace earthcatalog::maintain {

// In the types that items have (instants in microseconds of UTC, small integers in 32 bits); a type that no
// table has, also inside of others, is arrow::null(). Fields have the ids that the file gives them.
struct FileColumns {
  std::shared_ptr<arrow::Schema> schema;
  bool has_ids = false;
  bool is_geoparquet = false;  // says what its geometries are
};

// From the footer. kCorrupt when it is no Parquet file or cut off.
Result<FileColumns> ReadFileColumns(const std::shared_ptr<arrow::io::RandomAccessFile>& file);

// The id that a file or table gives a field, if it does.
std::optional<int> IdOf(const arrow::Field& field);

// Whether readers who go by the table's columns find the file's: by their ids, or in a file without any by
// their names. kCorrupt, saying what is in the way: a type that is no narrower one of the table's, an id that
// the table has for another column, ids for some columns only. Columns that the table lacks altogether are
// in nobody's way. `in_table`: the file is the table's own, so that a column with its id and another name is
// one that was renamed.
Status CheckFits(const FileColumns& file, const arrow::Schema& table, bool in_table);

}  // namespace earthcatalog::maintain
