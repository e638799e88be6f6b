// What the files of the schema share.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>
#include <string_view>

namespace earthcatalog::item {

// A-Z become a-z, everything else stays: the way in which engines compare names of columns.
std::string FoldCase(std::string_view name);

// `proj:geometry`, in any case, which never has a column: readers of stac-geoparquet expect it as WKB.
bool IsForeignGeometry(std::string_view name);

// A list as Iceberg names its parts.
std::shared_ptr<arrow::DataType> ListOf(std::shared_ptr<arrow::DataType> element);

}  // namespace earthcatalog::item
