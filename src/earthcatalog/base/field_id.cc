#include "earthcatalog/base/field_id.h"

#include <arrow/util/key_value_metadata.h>

#include "earthcatalog/base/integer_text.h"
#include "earthcatalog/base/text.h"

namespace earthcatalog {

Result<int> FieldIdOf(const arrow::Field& field) {
  const auto& metadata = field.metadata();
  const int index = metadata == nullptr ? -1 : metadata->FindKey(kFieldIdKey);
  const auto id = index < 0 ? std::nullopt : ParseInteger<int>(metadata->value(index));
  if (id && *id >= 0) return *id;
  return CorruptError("column `{}` has no field id", OneLine(field.name()));
}

std::shared_ptr<arrow::Field> WithFieldId(const std::shared_ptr<arrow::Field>& field, int id) {
  return field->WithMergedMetadata(arrow::key_value_metadata({kFieldIdKey}, {std::to_string(id)}));
}

}  // namespace earthcatalog
