// A table's columns as Parquet stores them: one leaf for each primitive at the end of structs and lists.
#pragma once

#include <arrow/type.h>
#include <parquet/schema.h>

#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::geoparquet {

struct LeafColumn {
  std::string path;  // as Parquet joins it: bbox.xmin, links.list.element.href
  std::shared_ptr<arrow::DataType> type;
  int field_id;
  int16_t max_definition;
  int16_t max_repetition;
  bool nullable;  // the leaf itself, whatever its parents are
  bool bounded;   // minimum and maximum are recorded, here and in Iceberg's manifests
};

struct FileLayout {
  std::shared_ptr<arrow::Schema> schema;
  std::shared_ptr<parquet::SchemaDescriptor> parquet_schema;
  std::vector<LeafColumn> leaves;  // in the order of the file
  int geometry = -1;               // top-level column
  bool has_covering = false;       // `bbox` is a struct of four numbers
};

// Which leaves of a file get bounds: that depends on the top-level column alone, and on those before it.
class BoundsRule {
 public:
  // To be asked once for each of the file's columns, in their order.
  bool Includes(const arrow::Field& top);

 private:
  int primitives_ = 0;
};

// Errors name the column: no field id, a type that the table format does not have.
Result<FileLayout> MakeLayout(std::shared_ptr<arrow::Schema> schema);

}  // namespace earthcatalog::geoparquet
