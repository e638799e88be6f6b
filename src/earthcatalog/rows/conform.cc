#include "earthcatalog/rows/conform.h"

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/util/bitmap_ops.h>

#include <utility>

namespace earthcatalog::rows {
namespace {

Result<std::shared_ptr<arrow::Array>> ConformStruct(const arrow::StructArray& array,
                                                    const std::shared_ptr<arrow::DataType>& type) {
  arrow::ArrayVector children;
  int matched = 0;
  for (const auto& field : type->fields()) {
    // field() applies the slice offset but not the parent's validity, which the new struct keeps itself.
    const int index = static_cast<const arrow::StructType&>(*array.type()).GetFieldIndex(field->name());
    if (index < 0) {
      ARROW_ASSIGN_OR_RAISE(children.emplace_back(), arrow::MakeArrayOfNull(field->type(), array.length()));
      continue;
    }
    ++matched;
    ARROW_ASSIGN_OR_RAISE(children.emplace_back(), Conform(array.field(index), field->type()));
  }
  if (matched != array.type()->num_fields()) {
    return Status::Invalid("no place for all fields of ", array.type()->ToString(), " in ", type->ToString());
  }
  ARROW_ASSIGN_OR_RAISE(
      auto validity, array.null_count() == 0
                         ? Result<std::shared_ptr<arrow::Buffer>>(nullptr)
                         : arrow::internal::CopyBitmap(arrow::default_memory_pool(), array.null_bitmap_data(),
                                                       array.offset(), array.length()));
  return std::make_shared<arrow::StructArray>(type, array.length(), std::move(children), std::move(validity));
}

Result<std::shared_ptr<arrow::Array>> ConformList(const arrow::ListArray& array,
                                                  const std::shared_ptr<arrow::DataType>& type) {
  const auto& value_type = static_cast<const arrow::ListType&>(*type).value_type();
  ARROW_ASSIGN_OR_RAISE(auto values, Conform(array.values(), value_type));
  return std::make_shared<arrow::ListArray>(type, array.length(), array.value_offsets(), std::move(values),
                                            array.null_bitmap(), array.null_count(), array.offset());
}

Status NoPlaceFor(const arrow::Field& column) {
  return Status::Invalid("the table has no column ", column.name());
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> Conform(const std::shared_ptr<arrow::Array>& array,
                                              const std::shared_ptr<arrow::DataType>& type) {
  if (array->type()->Equals(*type, /*check_metadata=*/true)) return array;
  if (array->type_id() == arrow::Type::STRUCT && type->id() == arrow::Type::STRUCT) {
    return ConformStruct(static_cast<const arrow::StructArray&>(*array), type);
  }
  if (array->type_id() == arrow::Type::LIST && type->id() == arrow::Type::LIST) {
    return ConformList(static_cast<const arrow::ListArray&>(*array), type);
  }
  if (array->type()->Equals(*type)) return array;
  return arrow::compute::Cast(*array, type);
}

Result<std::shared_ptr<arrow::Array>> ConformColumn(const arrow::RecordBatch& rows,
                                                    const arrow::Field& field) {
  const auto column = rows.GetColumnByName(field.name());
  if (column == nullptr) return arrow::MakeArrayOfNull(field.type(), rows.num_rows());
  return Conform(column, field.type());
}

Result<std::shared_ptr<arrow::RecordBatch>> ConformRows(const std::shared_ptr<arrow::RecordBatch>& rows,
                                                        const std::shared_ptr<arrow::Schema>& schema) {
  if (rows->schema() == schema) return rows;
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    auto column = ConformColumn(*rows, *field);
    if (!column.ok()) return WithContext(column.status(), "column " + field->name());
    columns.push_back(*std::move(column));
  }
  for (const auto& field : rows->schema()->fields()) {
    if (schema->GetFieldIndex(field->name()) < 0) return NoPlaceFor(*field);
  }
  return arrow::RecordBatch::Make(schema, rows->num_rows(), std::move(columns));
}

Result<std::shared_ptr<arrow::RecordBatch>> JoinRows(arrow::RecordBatchVector batches,
                                                     const std::shared_ptr<arrow::Schema>& schema) {
  int64_t length = 0;
  for (const auto& batch : batches) length += batch->num_rows();
  arrow::ArrayVector columns;
  for (const auto& field : schema->fields()) {
    arrow::ArrayVector pieces;
    for (auto& batch : batches) {
      ARROW_ASSIGN_OR_RAISE(pieces.emplace_back(), ConformColumn(*batch, *field));
      if (const int index = batch->schema()->GetFieldIndex(field->name()); index >= 0) {
        ARROW_ASSIGN_OR_RAISE(batch, batch->RemoveColumn(index));
      }
    }
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), arrow::Concatenate(pieces));
  }
  for (const auto& batch : batches) {
    if (batch->num_columns() > 0) return NoPlaceFor(*batch->schema()->field(0));
  }
  return arrow::RecordBatch::Make(schema, length, std::move(columns));
}

}  // namespace earthcatalog::rows
