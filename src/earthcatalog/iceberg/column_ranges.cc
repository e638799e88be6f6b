#include "earthcatalog/iceberg/column_ranges.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "earthcatalog/base/field_id.h"

namespace earthcatalog::iceberg {
namespace {

using enum RangeColumn;

struct NamedColumn {
  std::string_view top_level, path;
  RangeColumn column;
};

constexpr std::array<NamedColumn, 8> kColumns = {{{"id", "id", kId},
                                                  {"datetime", "datetime", kDatetime},
                                                  {"start_datetime", "start_datetime", kStart},
                                                  {"end_datetime", "end_datetime", kEnd},
                                                  {"bbox", "bbox.xmin", kXmin},
                                                  {"bbox", "bbox.ymin", kYmin},
                                                  {"bbox", "bbox.xmax", kXmax},
                                                  {"bbox", "bbox.ymax", kYmax}}};

static_assert(std::endian::native == std::endian::little, "bounds are copied to memory");

template <typename T>
T As(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// Files may be older than a column's growth from float to double.
std::optional<double> NumberOf(std::string_view bytes) {
  std::optional<double> number;
  if (bytes.size() == sizeof(double)) number = As<double>(bytes);
  if (bytes.size() == sizeof(float)) number = As<float>(bytes);
  return number && std::isnan(*number) ? std::nullopt : number;
}

std::optional<int64_t> TimeOf(std::string_view bytes) {
  return bytes.size() == sizeof(int64_t) ? std::optional(As<int64_t>(bytes)) : std::nullopt;
}

// Calls visit(range) with the column's range, of whichever type.
template <typename Visit>
void WithRange(ColumnRanges* ranges, RangeColumn column, Visit&& visit) {
  switch (column) {
    case kId:
      return visit(&ranges->id);
    case kDatetime:
      return visit(&ranges->datetime);
    case kStart:
      return visit(&ranges->start);
    case kEnd:
      return visit(&ranges->end);
    case kXmin:
      return visit(&ranges->bbox.xmin);
    case kYmin:
      return visit(&ranges->bbox.ymin);
    case kXmax:
      return visit(&ranges->bbox.xmax);
    case kYmax:
      return visit(&ranges->bbox.ymax);
  }
}

void SetBound(std::string_view bytes, double* bound) { *bound = NumberOf(bytes).value_or(*bound); }
void SetBound(std::string_view bytes, int64_t* bound) { *bound = TimeOf(bytes).value_or(*bound); }
void SetBound(std::string_view bytes, std::string* bound) { *bound = bytes; }

bool HasTypeOf(const NamedColumn& column, const arrow::DataType& type) {
  switch (column.column) {
    case kId:
      return type.id() == arrow::Type::STRING;
    case kDatetime:
    case kStart:
    case kEnd:
      return type.id() == arrow::Type::TIMESTAMP &&
             static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::MICRO;
    default:
      return type.id() == arrow::Type::DOUBLE || type.id() == arrow::Type::FLOAT;
  }
}

std::shared_ptr<arrow::Field> FieldOf(const arrow::Schema& schema, const NamedColumn& column) {
  auto field = schema.GetFieldByName(std::string(column.top_level));
  if (field == nullptr || column.path == column.top_level) return field;
  if (field->type()->id() != arrow::Type::STRUCT) return nullptr;
  return static_cast<const arrow::StructType&>(*field->type())
      .GetFieldByName(std::string(column.path.substr(column.top_level.size() + 1)));
}

}  // namespace

std::optional<RangeColumn> FindRangeColumn(std::string_view top_level, std::string_view path) {
  for (const NamedColumn& column : kColumns) {
    if (column.top_level == top_level && column.path == path) return column.column;
  }
  return std::nullopt;
}

void ColumnRanges::SetLower(RangeColumn column, std::string_view bytes) {
  WithRange(this, column, [bytes](auto* range) { SetBound(bytes, &range->lower); });
}

void ColumnRanges::SetUpper(RangeColumn column, std::string_view bytes) {
  WithRange(this, column, [bytes](auto* range) { SetBound(bytes, &range->upper); });
  if (column == kId) id.bounded = true;
}

void ColumnRanges::SetNulls(RangeColumn column, bool has_value, bool has_null) {
  WithRange(this, column, [has_value, has_null](auto* range) {
    range->has_value = has_value;
    range->has_null = has_null;
  });
}

RangeColumnIds::RangeColumnIds(const arrow::Schema& schema) {
  for (const NamedColumn& column : kColumns) {
    const auto field = FieldOf(schema, column);
    if (field == nullptr || !HasTypeOf(column, *field->type())) continue;
    if (const auto id = FieldIdOf(*field); id.ok()) ids_.emplace_back(*id, column.column);
  }
}

std::optional<RangeColumn> RangeColumnIds::Find(int field_id) const {
  for (const auto& [id, column] : ids_) {
    if (id == field_id) return column;
  }
  return std::nullopt;
}

}  // namespace earthcatalog::iceberg
