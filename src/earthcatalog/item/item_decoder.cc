#include "earthcatalog/item/item_decoder.h"

#include <arrow/array.h>
#include <arrow/util/checked_cast.h>

#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/item/geojson.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/json_columns.h"
#include "earthcatalog/item/json_reader.h"
#include "earthcatalog/item/object_text.h"
#include "earthcatalog/item/stated_bbox.h"
#include "earthcatalog/item/style.h"

namespace earthcatalog::item {
namespace {

using arrow::internal::checked_cast;

Status AppendStruct(const arrow::StructArray& column, int64_t row, std::string_view rest, std::string* out);

Status AppendList(const arrow::ListArray& column, int64_t row, std::string* out);

Status AppendScalar(const arrow::Array& column, int64_t row, std::string* out) {
  switch (column.type_id()) {
    case arrow::Type::BOOL:
      out->append(checked_cast<const arrow::BooleanArray&>(column).Value(row) ? "true" : "false");
      return Status::OK();
    case arrow::Type::INT32:
      out->append(std::to_string(checked_cast<const arrow::Int32Array&>(column).Value(row)));
      return Status::OK();
    case arrow::Type::INT64:
      out->append(std::to_string(checked_cast<const arrow::Int64Array&>(column).Value(row)));
      return Status::OK();
    case arrow::Type::FLOAT:
      AppendJsonNumber(static_cast<double>(checked_cast<const arrow::FloatArray&>(column).Value(row)), out);
      return Status::OK();
    case arrow::Type::DOUBLE:
      AppendJsonNumber(checked_cast<const arrow::DoubleArray&>(column).Value(row), out);
      return Status::OK();
    case arrow::Type::STRING:
      AppendJsonString(checked_cast<const arrow::StringArray&>(column).GetView(row), out);
      return Status::OK();
    case arrow::Type::TIMESTAMP:
      AppendJsonString(FormatRfc3339(checked_cast<const arrow::TimestampArray&>(column).Value(row)), out);
      return Status::OK();
    default:
      return CorruptError("an item has no values of the type {}", column.type()->ToString());
  }
}

// A value with what the overflow has inside it; `rest` is empty or the text of an object.
Status AppendValue(const arrow::Array& column, int64_t row, std::string_view rest, std::string* out) {
  if (column.IsNull(row)) {
    out->append("null");
    return Status::OK();
  }
  switch (column.type_id()) {
    case arrow::Type::STRUCT:
      return AppendStruct(checked_cast<const arrow::StructArray&>(column), row, rest, out);
    case arrow::Type::LIST:
      return AppendList(checked_cast<const arrow::ListArray&>(column), row, out);
    default:
      return AppendScalar(column, row, out);
  }
}

// The member `name` of an object: in its column, in what is left of the object's overflow, or in both.
Status AppendMember(std::string_view name, const arrow::Array& column, int64_t row, Remainder* remainder,
                    ObjectWriter* writer, std::string* out) {
  const std::string_view rest = remainder->Take(name);
  const bool merge = column.type_id() == arrow::Type::STRUCT && column.IsValid(row) && rest.starts_with('{');
  if (!rest.empty() && !merge) {
    writer->Add(name, rest);
    return Status::OK();
  }
  if (column.IsNull(row)) return Status::OK();
  writer->BeginMember(name);
  return AppendValue(column, row, rest, out);
}

Status AppendStruct(const arrow::StructArray& column, int64_t row, std::string_view rest, std::string* out) {
  Remainder remainder;
  ARROW_RETURN_NOT_OK(remainder.Read(rest));
  ObjectWriter writer(out);
  for (int i = 0; i < column.num_fields(); ++i) {
    const auto& name = column.struct_type()->field(i)->name();
    ARROW_RETURN_NOT_OK(AppendMember(name, *column.field(i), row, &remainder, &writer, out));
  }
  writer.AddRest(remainder);
  writer.End();
  return Status::OK();
}

Status AppendList(const arrow::ListArray& column, int64_t row, std::string* out) {
  out->push_back('[');
  for (int64_t i = column.value_offset(row); i < column.value_offset(row + 1); ++i) {
    if (i > column.value_offset(row)) out->push_back(',');
    ARROW_RETURN_NOT_OK(AppendValue(*column.values(), i, {}, out));
  }
  out->push_back(']');
  return Status::OK();
}

// Columns of a form of their own, by name and type.
enum class Form { kPlain, kGeometry, kBbox, kJsonText };

Form FormOf(const arrow::Field& field) {
  const auto type = field.type()->id();
  const std::string& name = field.name();
  if (name == "geometry" && type == arrow::Type::BINARY) return Form::kGeometry;
  if (name == "bbox" && type == arrow::Type::STRUCT) return Form::kBbox;
  return IsStructuredMember(name) && type == arrow::Type::STRING ? Form::kJsonText : Form::kPlain;
}

Status AppendGeometry(const arrow::BinaryArray& column, int64_t row, std::string_view rest,
                      ObjectWriter* writer, std::string* out) {
  writer->BeginMember("geometry");
  if (column.IsNull(row)) {
    out->append("null");
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const GeoJsonParts parts, GeoJsonFromWkb(column.GetView(row)));
  Remainder remainder;
  ARROW_RETURN_NOT_OK(remainder.Read(rest));
  ObjectWriter geometry(out);
  remainder.Take("type");
  geometry.BeginMember("type");
  AppendJsonString(parts.type, out);
  const std::string_view list = remainder.Take(parts.list_name);
  geometry.Add(parts.list_name, list.empty() ? std::string_view(parts.list) : list);
  geometry.AddRest(remainder);
  geometry.End();
  return Status::OK();
}

Status AppendBbox(const arrow::StructArray& column, int64_t row, std::string_view rest, ObjectWriter* writer,
                  std::string* out) {
  if (!rest.empty()) {
    const std::string_view stated = column.IsValid(row) ? StatedTextOf(rest) : rest;
    if (!stated.empty()) writer->Add("bbox", stated);
    return Status::OK();
  }
  if (column.IsNull(row)) return Status::OK();
  writer->BeginMember("bbox");
  char separator = '[';
  for (const char* side : {"xmin", "ymin", "xmax", "ymax"}) {
    const auto numbers = column.GetFieldByName(side);
    if (numbers == nullptr) return CorruptError("the column bbox has no {}", side);
    out->push_back(std::exchange(separator, ','));
    ARROW_RETURN_NOT_OK(AppendValue(*numbers, row, {}, out));
  }
  out->push_back(']');
  return Status::OK();
}

Status AppendItemMember(const arrow::Field& field, const arrow::Array& column, int64_t row,
                        Remainder* remainder, ObjectWriter* writer, std::string* out) {
  const Form form = FormOf(field);
  if (form == Form::kPlain) return AppendMember(field.name(), column, row, remainder, writer, out);
  const std::string_view rest = remainder->Take(field.name());
  if (form == Form::kGeometry) {
    return AppendGeometry(checked_cast<const arrow::BinaryArray&>(column), row, rest, writer, out);
  }
  if (form == Form::kBbox) {
    return AppendBbox(checked_cast<const arrow::StructArray&>(column), row, rest, writer, out);
  }
  if (!rest.empty()) {
    writer->Add(field.name(), rest);
  } else if (column.IsValid(row)) {
    writer->Add(field.name(), checked_cast<const arrow::StringArray&>(column).GetView(row));
  }
  return Status::OK();
}

// What a column of text of this project's own says; empty for a null, or where there is no such column.
Result<std::string_view> OwnText(const arrow::RecordBatch& rows, int64_t row, std::string_view name) {
  const int index = rows.schema()->GetFieldIndex(std::string(name));
  if (index < 0) return std::string_view();
  const arrow::Array& column = *rows.column(index);
  if (column.type_id() != arrow::Type::STRING) {
    return CorruptError("the column {} is {} and not string", name, column.type()->ToString());
  }
  return column.IsNull(row) ? std::string_view()
                            : checked_cast<const arrow::StringArray&>(column).GetView(row);
}

// An instant among the properties, whose text the overflow has or the style gives.
void AppendInstantMember(std::string_view name, const arrow::TimestampArray& column, int64_t row,
                         const Style& style, Remainder* remainder, ObjectWriter* writer, std::string* out) {
  const std::string_view rest = remainder->Take(name);
  if (!rest.empty()) return writer->Add(name, rest);
  if (column.IsNull(row)) return;
  writer->BeginMember(name);
  out->push_back('"');
  AppendInstant(column.Value(row), style.InstantFormOf(name), out);
  out->push_back('"');
}

Status AppendProperties(const arrow::RecordBatch& rows, int64_t row, std::string_view rest,
                        const Style& style, std::string* out) {
  Remainder remainder;
  ARROW_RETURN_NOT_OK(remainder.Read(rest));
  ObjectWriter properties(out);
  for (int i = 0; i < rows.num_columns(); ++i) {
    const std::string& name = rows.schema()->field(i)->name();
    if (IsItemMember(name) || IsOwnColumn(name)) continue;
    const arrow::Array& column = *rows.column(i);
    if (column.type_id() == arrow::Type::TIMESTAMP) {
      AppendInstantMember(name, checked_cast<const arrow::TimestampArray&>(column), row, style, &remainder,
                          &properties, out);
    } else {
      ARROW_RETURN_NOT_OK(AppendMember(name, column, row, &remainder, &properties, out));
    }
  }
  properties.AddRest(remainder);
  properties.End();
  return Status::OK();
}

Result<Style> StyleOf(const arrow::RecordBatch& rows, int64_t row) {
  ARROW_ASSIGN_OR_RAISE(const std::string_view text, OwnText(rows, row, kStyle));
  auto style = Style::Parse(text);
  if (style.ok()) return style;
  const auto id = OwnText(rows, row, "id");
  return WithContext(style.status(), fmt::format("item {}", id.ok() ? OneLine(*id, 100) : ""));
}

}  // namespace

Result<std::string> DecodeItem(const arrow::RecordBatch& rows, int64_t row) {
  ARROW_ASSIGN_OR_RAISE(const std::string_view overflow, OwnText(rows, row, kOverflow));
  ARROW_ASSIGN_OR_RAISE(const Style style, StyleOf(rows, row));
  Remainder remainder;
  ARROW_RETURN_NOT_OK(remainder.Read(overflow));

  std::string json;
  ObjectWriter item(&json);
  for (int i = 0; i < rows.num_columns(); ++i) {
    const auto& field = *rows.schema()->field(i);
    if (!IsItemMember(field.name())) continue;
    ARROW_RETURN_NOT_OK(AppendItemMember(field, *rows.column(i), row, &remainder, &item, &json));
  }
  item.BeginMember("properties");
  ARROW_RETURN_NOT_OK(AppendProperties(rows, row, remainder.Take("properties"), style, &json));
  item.AddRest(remainder);
  item.End();
  return json;
}

}  // namespace earthcatalog::item
