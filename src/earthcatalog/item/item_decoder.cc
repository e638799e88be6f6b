#include "earthcatalog/item/item_decoder.h"

#include <arrow/array.h>
#include <arrow/util/checked_cast.h>

#include <deque>
#include <utility>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/item/geojson.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/json_columns.h"
#include "earthcatalog/item/json_reader.h"

namespace earthcatalog::item {
namespace {

using arrow::internal::checked_cast;

// The members of one JSON object, as views of its text, waiting to be merged into a row's values.
class Remainder {
 public:
  struct Member {
    std::string_view name;
    std::string_view raw;
    bool taken = false;
  };

  // `object` is the text of an object, or empty.
  Status Read(std::string_view object) {
    if (object.empty()) return Status::OK();
    JsonReader reader(object);
    for (reader.EnterObject(); reader.NextKey();) {
      std::string_view name;
      reader.ReadKey(&name);
      if (name.find('\\') != std::string_view::npos) name = DecodeString(name, &decoded_.emplace_back());
      const char* const value = reader.Place();
      reader.Skip();
      if (!reader.failed()) members_.push_back({name, {value, reader.Place()}});
    }
    if (!reader.failed() && reader.at_end()) return Status::OK();
    return CorruptError("the column {} of a row is not JSON: {}", kOverflow, reader.error());
  }

  // The text of the member `name`, which is then taken out; empty if there is none.
  std::string_view Take(std::string_view name) {
    for (Member& member : members_) {
      if (member.name == name && !std::exchange(member.taken, true)) return member.raw;
    }
    return {};
  }

  const std::vector<Member>& members() const { return members_; }

 private:
  std::deque<std::string> decoded_;  // names that were written with escapes
  std::vector<Member> members_;
};

// Writes an object member by member.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string* out) : out_(out) { out_->push_back('{'); }
  void BeginMember(std::string_view name) {
    if (!std::exchange(empty_, false)) out_->push_back(',');
    AppendJsonString(name, out_);
    out_->push_back(':');
  }
  void Add(std::string_view name, std::string_view raw) {
    BeginMember(name);
    out_->append(raw);
  }
  // What of `remainder` no column has taken.
  void AddRest(const Remainder& remainder) {
    for (const auto& member : remainder.members()) {
      if (!member.taken) Add(member.name, member.raw);
    }
  }
  void End() { out_->push_back('}'); }
  bool empty() const { return empty_; }

 private:
  std::string* const out_;
  bool empty_ = true;
};

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

Status AppendBbox(const arrow::StructArray& column, int64_t row, ObjectWriter* writer, std::string* out) {
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
  if (!rest.empty()) {
    writer->Add(field.name(), rest);
  } else if (form == Form::kBbox) {
    return AppendBbox(checked_cast<const arrow::StructArray&>(column), row, writer, out);
  } else if (column.IsValid(row)) {
    writer->Add(field.name(), checked_cast<const arrow::StringArray&>(column).GetView(row));
  }
  return Status::OK();
}

Status AppendProperties(const arrow::RecordBatch& rows, int64_t row, std::string_view rest,
                        std::string* out) {
  Remainder remainder;
  ARROW_RETURN_NOT_OK(remainder.Read(rest));
  ObjectWriter properties(out);
  for (int i = 0; i < rows.num_columns(); ++i) {
    const std::string& name = rows.schema()->field(i)->name();
    if (IsItemMember(name) || name == kOverflow || name == kGridPartition) continue;
    ARROW_RETURN_NOT_OK(AppendMember(name, *rows.column(i), row, &remainder, &properties, out));
  }
  properties.AddRest(remainder);
  properties.End();
  return Status::OK();
}

}  // namespace

Result<std::string> DecodeItem(const arrow::RecordBatch& rows, int64_t row) {
  std::string_view overflow;
  const auto overflow_column = rows.GetColumnByName(std::string(kOverflow));
  if (overflow_column != nullptr && overflow_column->IsValid(row)) {
    overflow = checked_cast<const arrow::StringArray&>(*overflow_column).GetView(row);
  }
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
  ARROW_RETURN_NOT_OK(AppendProperties(rows, row, remainder.Take("properties"), &json));
  item.AddRest(remainder);
  item.End();
  return json;
}

}  // namespace earthcatalog::item
