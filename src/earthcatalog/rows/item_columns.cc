#include "earthcatalog/rows/item_columns.h"

#include <arrow/compute/cast.h>

#include <utility>

#include "earthcatalog/base/field_id.h"
#include "earthcatalog/item/json_columns.h"

namespace earthcatalog::rows {
namespace {

using arrow::Type;
using TypePtr = std::shared_ptr<arrow::DataType>;

TypePtr ItemType(const TypePtr& type);

// `type` itself if nothing inside changes.
TypePtr NestedItemType(const TypePtr& type) {
  arrow::FieldVector changed;
  for (int i = 0; i < type->num_fields(); ++i) {
    const auto& field = type->field(i);
    const TypePtr item_type = ItemType(field->type());
    if (item_type == field->type()) continue;
    if (changed.empty()) changed = type->fields();
    changed[static_cast<size_t>(i)] = field->WithType(item_type);
  }
  if (type->id() == Type::LARGE_LIST) return arrow::list(changed.empty() ? type->field(0) : changed[0]);
  if (changed.empty()) return type;
  return type->id() == Type::LIST ? arrow::list(changed[0]) : arrow::struct_(std::move(changed));
}

TypePtr ItemType(const TypePtr& type) {
  switch (type->id()) {
    case Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(*type);
      const bool as_it_should = timestamp.unit() == arrow::TimeUnit::MICRO && timestamp.timezone() == "UTC";
      return as_it_should ? type : arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    }
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return arrow::utf8();
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
      return arrow::binary();
    case Type::DICTIONARY:
      return ItemType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::STRUCT:
      return NestedItemType(type);
    default:
      return type;
  }
}

Result<std::shared_ptr<arrow::Array>> AsItemColumn(const arrow::Field& field,
                                                   std::shared_ptr<arrow::Array> column) {
  if (const TypePtr type = ItemType(column->type()); type != column->type()) {
    auto options = arrow::compute::CastOptions::Safe(type);
    options.allow_time_truncate = true;
    ARROW_ASSIGN_OR_RAISE(column, arrow::compute::Cast(*column, type, options));
  }
  const bool text = column->type_id() == Type::STRING && item::IsStructuredMember(field.name());
  if (!text || FieldIdOf(field).ok()) return column;
  return item::WithoutNullMembers(static_cast<const arrow::StringArray&>(*column));
}

}  // namespace

Result<std::shared_ptr<arrow::RecordBatch>> AsItemColumns(std::shared_ptr<arrow::RecordBatch> rows) {
  for (int i = 0; i < rows->num_columns(); ++i) {
    const auto& field = rows->schema()->field(i);
    auto column = AsItemColumn(*field, rows->column(i));
    if (!column.ok()) return WithContext(column.status(), "column " + field->name());
    if (*column == rows->column(i)) continue;
    const auto changed = field->WithType((*column)->type());
    ARROW_ASSIGN_OR_RAISE(rows, rows->SetColumn(i, changed, *std::move(column)));
  }
  return rows;
}

}  // namespace earthcatalog::rows
