#include "earthcatalog/iceberg/schema_tree.h"

namespace earthcatalog::iceberg {

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

bool CanGrowInto(const arrow::DataType& from, const arrow::DataType& to) {
  if (from.Equals(to)) return true;
  if (from.id() == arrow::Type::INT32) return to.id() == arrow::Type::INT64;
  if (from.id() == arrow::Type::FLOAT) return to.id() == arrow::Type::DOUBLE;
  if (from.id() != arrow::Type::DECIMAL128 || to.id() != arrow::Type::DECIMAL128) return false;
  const auto& narrow = static_cast<const arrow::DecimalType&>(from);
  const auto& wide = static_cast<const arrow::DecimalType&>(to);
  return narrow.scale() == wide.scale() && narrow.precision() <= wide.precision();
}

}  // namespace earthcatalog::iceberg
