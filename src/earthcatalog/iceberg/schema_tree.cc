#include "earthcatalog/iceberg/schema_tree.h"

#include <arrow/util/key_value_metadata.h>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/integer_text.h"
#include "earthcatalog/iceberg/schema.h"

namespace earthcatalog::iceberg {
namespace {

constexpr char kFieldIdKey[] = "PARQUET:field_id";

}  // namespace

bool IsNested(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRUCT || type.id() == arrow::Type::LIST || type.id() == arrow::Type::MAP;
}

arrow::FieldVector ChildrenOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRUCT:
      return type.fields();
    case arrow::Type::LIST:
      return {type.field(0)->WithName("element")};
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      return {map.key_field()->WithName("key"), map.item_field()->WithName("value")};
    }
    default:
      return {};
  }
}

std::shared_ptr<arrow::DataType> WithChildren(const arrow::DataType& type,
                                              const arrow::FieldVector& children) {
  switch (type.id()) {
    case arrow::Type::LIST:
      return arrow::list(children[0]);
    case arrow::Type::MAP:
      return std::make_shared<arrow::MapType>(children[0]->WithNullable(false), children[1]);
    default:
      return arrow::struct_(children);
  }
}

std::shared_ptr<arrow::Field> WithFieldId(const std::shared_ptr<arrow::Field>& field, int id) {
  return field->WithMergedMetadata(arrow::key_value_metadata({kFieldIdKey}, {std::to_string(id)}));
}

bool CanGrowInto(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.Equals(to)) return true;
  if (from.id() == arrow::Type::INT32) return to.id() == arrow::Type::INT64;
  if (from.id() == arrow::Type::FLOAT) return to.id() == arrow::Type::DOUBLE;
  if (from.id() != arrow::Type::DECIMAL128 || to.id() != arrow::Type::DECIMAL128) return false;
  const auto& narrow = static_cast<const arrow::DecimalType&>(from);
  const auto& wide = static_cast<const arrow::DecimalType&>(to);
  return narrow.scale() == wide.scale() && narrow.precision() <= wide.precision();
}

Result<int> FieldIdOf(const arrow::Field& field) {
  if (field.HasMetadata()) {
    const auto text = field.metadata()->Get(kFieldIdKey);
    const auto id = text.ok() ? ParseInteger<int>(*text) : std::nullopt;
    if (id) return *id;
  }
  return CorruptError("column `{}` has no field id", OneLine(field.name()));
}

}  // namespace earthcatalog::iceberg
