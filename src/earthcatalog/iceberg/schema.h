// Iceberg's schema as an Arrow schema whose fields, nested ones too, carry their ids (base/field_id.h)
// and, where a column has one, its description (key doc). One type tree serves both; this header is the way
// between it and the JSON of the specification.
#pragma once

#include <arrow/type.h>

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "earthcatalog/base/field_id.h"
#include "earthcatalog/base/status.h"

namespace earthcatalog::iceberg {

// Errors: a type this project does not know, named with its column.
Result<std::shared_ptr<arrow::Schema>> SchemaFromJson(const nlohmann::ordered_json& json);
Result<nlohmann::ordered_json> SchemaToJson(const arrow::Schema& schema, int schema_id);

// `wanted` with ids: fields that `current` (may be null) has by name keep theirs, others get the next ones
// after
// `*last_column_id`, which moves on; ids that `wanted` carries are ignored. Columns new to `current` are
// optional, and what is optional stays so. Errors: a type change that Iceberg's evolution does not allow; a
// column of `current` that `wanted` lacks; the same name twice.
Result<std::shared_ptr<arrow::Schema>> AssignFieldIds(const arrow::Schema& wanted,
                                                      const arrow::Schema* current, int* last_column_id);

// Whether `grown` is `table`, whose highest id given so far is `last_column_id`, with columns added: all of
// `table` is in it (as IsReadableAs says), and what is new has ids of its own above that one. Then the
// highest id of both, nothing otherwise.
std::optional<int> LastColumnIdOfGrown(const arrow::Schema& grown, const arrow::Schema& table,
                                       int last_column_id);

// Whether files written with `written` can be read with `table`: every field is in it under the same id and
// name, with the same type or one it may grow into.
bool IsReadableAs(const arrow::Schema& written, const arrow::Schema& table);

// `table` with other types of these columns, which are in it: each keeps its place, its name and its
// description, is optional, and has ids of its own, the next ones after `*last_column_id`, which moves on. To
// Iceberg it is another column: files that have the old one have nothing in it.
Result<std::shared_ptr<arrow::Schema>> ReplaceColumns(
    const arrow::Schema& table, const std::map<std::string, std::shared_ptr<arrow::DataType>>& types,
    int* last_column_id);

// Whether `replaced` is what ReplaceColumns() makes of `table`, whose highest id given so far is
// `last_column_id`. Then the highest id of both, nothing otherwise.
std::optional<int> LastColumnIdOfReplaced(const arrow::Schema& replaced, const arrow::Schema& table,
                                          int last_column_id);

// A type as Iceberg names it: a primitive one, or `list<…>` of one. Null when it is no such name.
std::shared_ptr<arrow::DataType> TypeOfName(const std::string& name);
// The name of a type; of structs and maps only what they are.
std::string NameOfType(const arrow::DataType& type);

// The value of the table property schema.name-mapping.default for this schema. Other names that `previous`,
// an earlier value of it, gives a field are kept.
std::string NameMappingJson(const arrow::Schema& schema, const std::string& previous = {});

}  // namespace earthcatalog::iceberg
