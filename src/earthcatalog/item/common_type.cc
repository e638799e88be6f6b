#include <map>
#include <string>

#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/schema_parts.h"

namespace earthcatalog::item {
namespace {

bool IsInteger(arrow::Type::type id) { return id == arrow::Type::INT32 || id == arrow::Type::INT64; }
bool IsFloating(arrow::Type::type id) { return id == arrow::Type::FLOAT || id == arrow::Type::DOUBLE; }

std::shared_ptr<arrow::DataType> CommonStruct(const arrow::DataType& a, const arrow::DataType& b) {
  std::map<std::string, std::shared_ptr<arrow::DataType>> types;
  for (const auto& field : a.fields()) types[field->name()] = field->type();
  for (const auto& field : b.fields()) {
    auto& type = types[field->name()];
    type = type == nullptr ? field->type() : CommonType(type, field->type());
  }
  arrow::FieldVector fields;
  for (const auto& [name, type] : types) fields.push_back(arrow::field(name, type));
  return arrow::struct_(std::move(fields));
}

}  // namespace

std::shared_ptr<arrow::DataType> CommonType(const std::shared_ptr<arrow::DataType>& a,
                                            const std::shared_ptr<arrow::DataType>& b) {
  const auto left = a->id(), right = b->id();
  if (left == arrow::Type::STRUCT && right == arrow::Type::STRUCT) return CommonStruct(*a, *b);
  if (left == arrow::Type::LIST && right == arrow::Type::LIST) {
    return ListOf(CommonType(a->field(0)->type(), b->field(0)->type()));
  }
  if (a->Equals(*b)) return a;
  if (IsInteger(left) && IsInteger(right)) return arrow::int64();
  const bool numbers = (IsInteger(left) || IsFloating(left)) && (IsInteger(right) || IsFloating(right));
  return numbers ? arrow::float64() : arrow::null();
}

}  // namespace earthcatalog::item
