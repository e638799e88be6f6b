// The schema that an Avro file carries about itself.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::iceberg {

struct AvroField;

struct AvroType {
  enum class Kind {
    kNull,
    kBoolean,
    kInt,
    kLong,
    kFloat,
    kDouble,
    kBytes,
    kString,
    kFixed,
    kEnum,
    kArray,
    kMap,
    kUnion,
    kRecord,
  };
  Kind kind = Kind::kNull;
  std::vector<AvroField> fields;   // of a record
  std::vector<AvroType> branches;  // of a union; for an array or map the one type of its items or values
  size_t fixed_size = 0;
};

struct AvroField {
  std::string name;
  int id = -1;  // Iceberg's field id, -1 when the schema gives none
  AvroType type;
};

// Logical types are not told apart. Errors (kCorrupt): not an Avro schema; a record that is named a second
// time, which Iceberg's files never do and which could make a small file decode without end; very many types.
Result<AvroType> ParseAvroSchema(std::string_view json);

// Gives the fields of a record that carry no field id the one that belongs to their name.
void FillFieldIds(AvroType* record, std::initializer_list<std::pair<std::string_view, int>> ids);

// The record below a field: the field's type itself, or the record among the branches of a union or in the
// items of an array. Null when there is none.
AvroType* RecordBelow(AvroType* record, int field_id);

}  // namespace earthcatalog::iceberg
