// The metrics of a file that exists already.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/type.h>

#include <memory>

#include "earthcatalog/base/status.h"
#include "earthcatalog/geoparquet/file_metrics.h"

namespace earthcatalog::geoparquet {

// What Writer (writer.h) says of the same rows in the same columns, for a Parquet file of any writer. `table`
// carries field ids on every field; the file's columns are those with the same ids or, in a file without any,
// of the same names, and others are passed over. Instants are in microseconds: of finer ones the lower bound
// is cut and the upper one rounded up.
//
// The footer is asked first: null counts, minima and maxima. What it does not say of a column and row group
// is counted in its values (in our own files those are null counts of columns without bounds, and minima of
// very long texts). NaN are counted only there, so where the footer has a column's minimum `nan_count` is 0.
// A minimum that its writer cut is a lower bound all the same, and so is a maximum.
//
// `footer_alone`: columns of which the footer does not say all are left out, and no page is read.
//
// Memory: the footer, and a page of one column. Thread-safe as far as `file` is. Errors: kCorrupt when it is
// no Parquet file, is damaged, or has a column in a type that is not the table's; those of reading `file`.
Result<FileMetrics> ReadMetrics(const std::shared_ptr<arrow::io::RandomAccessFile>& file,
                                const arrow::Schema& table, bool footer_alone = false);

}  // namespace earthcatalog::geoparquet
