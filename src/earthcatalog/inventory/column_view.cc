#include "earthcatalog/inventory/column_view.h"

#include <arrow/util/checked_cast.h>

#include <cmath>
#include <limits>

namespace earthcatalog::inventory {
namespace {

using arrow::Type;

constexpr int64_t kMicrosPerDay = 86'400'000'000;

template <typename ArrayType>
const ArrayType& As(const arrow::Array& array) {
  return arrow::internal::checked_cast<const ArrayType&>(array);
}

bool IsText(Type::type id) { return arrow::is_base_binary_like(id) || arrow::is_binary_view_like(id); }

const arrow::DataType& ValueType(const arrow::DataType& type) {
  if (type.id() != Type::DICTIONARY) return type;
  return *arrow::internal::checked_cast<const arrow::DictionaryType&>(type).value_type();
}

int64_t MicrosPerUnit(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1'000'000;
    case arrow::TimeUnit::MILLI:
      return 1000;
    case arrow::TimeUnit::MICRO:
      return 1;
    case arrow::TimeUnit::NANO:
      break;
  }
  return -1000;
}

// A value that no column can mean, so that the row is reported as malformed: saturated instead of wrapped.
int64_t ToMicros(int64_t units, int64_t micros_per_unit) {
  if (micros_per_unit < 0) return units / -micros_per_unit - (units % micros_per_unit < 0 ? 1 : 0);
  int64_t micros = 0;
  if (__builtin_mul_overflow(units, micros_per_unit, &micros)) {
    return units < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  }
  return micros;
}

// pandas turns a column of integers with gaps into doubles. -1, which is no size, for what is no whole
// number.
Value FromDouble(double value) {
  if (std::isnan(value)) return {};
  const bool whole = value >= 0 && value < 0x1p63 && value == std::floor(value);
  return Value::Number(whole ? static_cast<int64_t>(value) : -1);
}

Value FromUint64(uint64_t value) {
  const bool fits = value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  return Value::Number(fits ? static_cast<int64_t>(value) : -1);
}

}  // namespace

Status CheckType(Column column, const arrow::DataType& column_type) {
  const arrow::DataType& type = ValueType(column_type);
  const Type::type id = type.id();
  bool fits = IsText(id);
  switch (column) {
    case Column::kBucket:
    case Column::kKey:
      break;
    case Column::kSize:
      fits =
          fits || (column_type.id() == id && (arrow::is_integer(id) || id == Type::DOUBLE || id == Type::NA));
      break;
    case Column::kLastModified:
      fits =
          fits || (column_type.id() == id && (id == Type::TIMESTAMP || id == Type::DATE32 || id == Type::NA));
      break;
    case Column::kIsLatest:
    case Column::kIsDeleteMarker:
      fits = fits || (column_type.id() == id && (id == Type::BOOL || id == Type::NA));
      break;
  }
  if (fits) return Status::OK();
  return CorruptError("the column '{}' has the type {}, which cannot be read as such", NameOf(column),
                      column_type.ToString());
}

ColumnView::ColumnView(const arrow::Array& array) : array_(&array) {
  if (array.type_id() == Type::DICTIONARY) dictionary_ = As<arrow::DictionaryArray>(array).dictionary().get();
  if (array.type_id() == Type::TIMESTAMP) {
    micros_per_unit_ =
        MicrosPerUnit(arrow::internal::checked_cast<const arrow::TimestampType&>(*array.type()).unit());
  }
}

Value ColumnView::At(int64_t row) const {
  if (array_ == nullptr || array_->IsNull(row)) return {};
  const arrow::Array* array = array_;
  if (dictionary_ != nullptr) {
    row = As<arrow::DictionaryArray>(*array).GetValueIndex(row);
    array = dictionary_;
    if (array->IsNull(row)) return {};
  }
  switch (array->type_id()) {
    case Type::STRING:
    case Type::BINARY:
      return Value::Text(As<arrow::BinaryArray>(*array).GetView(row));
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return Value::Text(As<arrow::LargeBinaryArray>(*array).GetView(row));
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      return Value::Text(As<arrow::BinaryViewArray>(*array).GetView(row));
    case Type::TIMESTAMP:
      return Value::Number(ToMicros(As<arrow::TimestampArray>(*array).Value(row), micros_per_unit_));
    case Type::DATE32:
      return Value::Number(As<arrow::Date32Array>(*array).Value(row) * kMicrosPerDay);
    case Type::BOOL:
      return Value::Number(As<arrow::BooleanArray>(*array).Value(row) ? 1 : 0);
    case Type::INT8:
      return Value::Number(As<arrow::Int8Array>(*array).Value(row));
    case Type::INT16:
      return Value::Number(As<arrow::Int16Array>(*array).Value(row));
    case Type::INT32:
      return Value::Number(As<arrow::Int32Array>(*array).Value(row));
    case Type::INT64:
      return Value::Number(As<arrow::Int64Array>(*array).Value(row));
    case Type::UINT8:
      return Value::Number(As<arrow::UInt8Array>(*array).Value(row));
    case Type::UINT16:
      return Value::Number(As<arrow::UInt16Array>(*array).Value(row));
    case Type::UINT32:
      return Value::Number(As<arrow::UInt32Array>(*array).Value(row));
    case Type::UINT64:
      return FromUint64(As<arrow::UInt64Array>(*array).Value(row));
    case Type::DOUBLE:
      return FromDouble(As<arrow::DoubleArray>(*array).Value(row));
    default:
      return {};  // Type::NA; CheckType lets nothing else in
  }
}

}  // namespace earthcatalog::inventory
