#include "earthcatalog/item/column_type.h"

#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/schema_parts.h"

namespace earthcatalog::item {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

// Whether all values may be in a column of this type.
bool AllFit(const Shape& values, const arrow::DataType& declared) {
  switch (declared.id()) {
    case arrow::Type::INT64:
      return values.only(Kind::kNumber) && !values.fractions();
    case arrow::Type::DOUBLE:
      return values.only(Kind::kNumber);
    case arrow::Type::LIST:
      return values.only(Kind::kList) && AllFit(*values.elements(), *declared.field(0)->type());
    default:
      return false;  // no others are declared inside structs
  }
}

// The type that a column of numbers may get instead; null when there is none.
TypePtr Widened(const arrow::DataType& column) {
  if (column.id() == arrow::Type::INT32) return arrow::int64();
  return column.id() == arrow::Type::FLOAT ? arrow::float64() : nullptr;
}

const arrow::DataType* MemberOf(const arrow::DataType* column, const std::string& name) {
  if (column == nullptr) return nullptr;
  const auto field = static_cast<const arrow::StructType&>(*column).GetFieldByName(name);
  return field == nullptr ? nullptr : field->type().get();
}

}  // namespace

TypePtr ColumnTypes::OfProperty(std::string_view name, const Shape& values, const arrow::DataType* column) {
  const auto declared = DeclaredType(name);
  if (declared == nullptr || column != nullptr) return OfValues(values, column);
  const bool is_list = declared->id() == arrow::Type::LIST && values.bare_list();
  return values.tells() || is_list ? declared : nullptr;
}

TypePtr ColumnTypes::OfMember(std::string_view name, const Shape& values, const arrow::DataType* column) {
  const auto declared = column == nullptr && values.tells() ? DeclaredNestedType(name) : nullptr;
  return declared != nullptr && AllFit(values, *declared) ? declared : OfValues(values, column);
}

TypePtr ColumnTypes::OfValues(const Shape& values, const arrow::DataType* column) {
  if (column != nullptr && column->id() == arrow::Type::STRUCT) return OfObjects(values, column);
  if (column != nullptr && column->id() == arrow::Type::LIST) return OfLists(values, column);
  if (column != nullptr) return values.count(Kind::kNumber) > 0 ? Widened(*column) : nullptr;
  if (!values.tells()) return nullptr;
  switch (MostOf(values)) {
    case Kind::kText:
      return arrow::utf8();
    case Kind::kNumber:
      return arrow::float64();
    case Kind::kBool:
      return arrow::boolean();
    case Kind::kList:
      return OfLists(values, nullptr);
    case Kind::kObject:
      return OfObjects(values, nullptr);
  }
  return nullptr;
}

TypePtr ColumnTypes::OfLists(const Shape& values, const arrow::DataType* column) {
  if (values.elements() == nullptr) return nullptr;
  auto element = OfValues(*values.elements(), column == nullptr ? nullptr : column->field(0)->type().get());
  return element == nullptr ? nullptr : ListOf(std::move(element));
}

TypePtr ColumnTypes::OfObjects(const Shape& values, const arrow::DataType* column) {
  arrow::FieldVector fields;
  for (const auto& [name, shape] : values.members()) {
    if (auto type = OfMember(name, shape, MemberOf(column, name))) {
      fields.push_back(arrow::field(name, std::move(type)));
    }
  }
  return fields.empty() ? nullptr : arrow::struct_(std::move(fields));
}

Kind ColumnTypes::MostOf(const Shape& values) {
  Kind most = Kind::kText;
  for (size_t i = 0; i < kKindCount; ++i) {
    const auto kind = static_cast<Kind>(i);
    if (values.count(kind) > values.count(most)) most = kind;
  }
  by_use_ = by_use_ || !values.only(most);
  return most;
}

}  // namespace earthcatalog::item
