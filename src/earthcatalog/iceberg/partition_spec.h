// How a table's files are partitioned, seen through the two things this project partitions by.
#pragma once

#include <arrow/type.h>

#include <string>
#include <vector>

#include "earthcatalog/iceberg/json_access.h"

namespace earthcatalog::iceberg {

struct PartitionField {
  // What the field holds: the cell, the year, or something that only other writers know.
  enum class Role { kCell, kYear, kOther };
  Role role = Role::kOther;
  int id = 0;
  std::string name;
};

struct PartitionSpec {
  int id = 0;
  std::vector<PartitionField> fields;
  Json fields_json;  // as the table's metadata has them

  // Whether it is the spec of this project: one cell and one year, in any order and under any name.
  bool IsCellAndYear() const;
  bool Has(PartitionField::Role role) const;
};

// `schema` tells the columns that source ids mean.
Result<PartitionSpec> ParsePartitionSpec(const Json& json, const arrow::Schema& schema);

// identity(grid_partition), year(datetime), as JSON. Usage error when the schema lacks one of the columns or
// has it in another type.
Result<Json> CellAndYearSpec(const arrow::Schema& schema);

// The highest partition field id of that spec.
inline constexpr int kLastPartitionId = 1001;

}  // namespace earthcatalog::iceberg
