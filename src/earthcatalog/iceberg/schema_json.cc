// Schemas to and from the JSON of the specification.
#include <arrow/extension/uuid.h>
#include <arrow/util/key_value_metadata.h>

#include <array>
#include <utility>

#include "earthcatalog/base/integer_text.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/json_access.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/iceberg/schema_tree.h"

namespace earthcatalog::iceberg {
namespace {

constexpr char kDocKey[] = "doc";

using TypePtr = std::shared_ptr<arrow::DataType>;

const auto& NamedTypes() {
  static const std::array<std::pair<std::string_view, TypePtr>, 12> types{{
      {"boolean", arrow::boolean()},
      {"int", arrow::int32()},
      {"long", arrow::int64()},
      {"float", arrow::float32()},
      {"double", arrow::float64()},
      {"date", arrow::date32()},
      {"time", arrow::time64(arrow::TimeUnit::MICRO)},
      {"timestamp", arrow::timestamp(arrow::TimeUnit::MICRO)},
      {"timestamptz", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")},
      {"string", arrow::utf8()},
      {"binary", arrow::binary()},
      {"uuid", arrow::extension::uuid()},
  }};
  return types;
}

Status UnknownType(const std::string& path, std::string_view type) {
  return CorruptError("column `{}` has the type {}, which this program does not know", OneLine(path),
                      OneLine(type));
}

std::string JoinPath(const std::string& parent, const std::string& name) {
  return parent.empty() ? name : parent + "." + name;
}

// The numbers of "fixed[16]" or "decimal(9, 2)": what stands between the brackets, or nothing.
std::optional<std::pair<int, int>> Parameters(std::string_view text, std::string_view open, char close) {
  if (!text.starts_with(open) || !text.ends_with(close)) return std::nullopt;
  text.remove_prefix(open.size());
  text.remove_suffix(1);
  const size_t comma = text.find(',');
  const auto first = ParseInteger<int>(text.substr(0, comma));
  if (!first || comma == std::string_view::npos)
    return first ? std::optional(std::pair(*first, 0)) : std::nullopt;
  text.remove_prefix(comma + 1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  const auto second = ParseInteger<int>(text);
  return second ? std::optional(std::pair(*first, *second)) : std::nullopt;
}

TypePtr PrimitiveFromText(std::string_view text) {
  for (const auto& [name, type] : NamedTypes()) {
    if (name == text) return type;
  }
  if (const auto length = Parameters(text, "fixed[", ']'); length && length->first > 0) {
    return arrow::fixed_size_binary(length->first);
  }
  if (const auto digits = Parameters(text, "decimal(", ')')) {
    const auto [precision, scale] = *digits;
    if (precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision) {
      return arrow::decimal128(precision, scale);
    }
  }
  return nullptr;
}

Result<TypePtr> TypeFromJson(const Json& json, const std::string& path);

// A list's element, a map's key or value: id and type stand under names that start with the role.
Result<std::shared_ptr<arrow::Field>> RoleFromJson(const Json& json, const std::string& role,
                                                   const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const int id, IdMember(json, role + "-id"));
  ARROW_ASSIGN_OR_RAISE(const Json* type_json, AnyMember(json, role));
  ARROW_ASSIGN_OR_RAISE(auto type, TypeFromJson(*type_json, JoinPath(path, role)));
  bool required = true;  // as keys are
  if (role != "key") {
    ARROW_ASSIGN_OR_RAISE(required, BoolMember(json, role + "-required"));
  }
  return WithFieldId(arrow::field(role, std::move(type), !required), id);
}

Result<arrow::FieldVector> FieldsFromJson(const Json& json, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const Json* members, ArrayMember(json, "fields"));
  arrow::FieldVector fields;
  for (const Json& member : *members) {
    ARROW_ASSIGN_OR_RAISE(const int id, IdMember(member, "id"));
    ARROW_ASSIGN_OR_RAISE(std::string name, TextMember(member, "name"));
    ARROW_ASSIGN_OR_RAISE(const bool required, BoolMember(member, "required"));
    ARROW_ASSIGN_OR_RAISE(const Json* type_json, AnyMember(member, "type"));
    ARROW_ASSIGN_OR_RAISE(auto type, TypeFromJson(*type_json, JoinPath(path, name)));
    auto field = WithFieldId(arrow::field(std::move(name), std::move(type), !required), id);
    if (auto doc = FindText(member, "doc")) {
      field = field->WithMergedMetadata(arrow::key_value_metadata({kDocKey}, {*std::move(doc)}));
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

Result<TypePtr> TypeFromJson(const Json& json, const std::string& path) {
  if (json.is_string()) {
    const auto text = json.get<std::string>();
    if (auto type = PrimitiveFromText(text)) return type;
    return UnknownType(path, text);
  }
  ARROW_ASSIGN_OR_RAISE(const std::string kind, TextMember(json, "type"));
  if (kind == "struct") {
    ARROW_ASSIGN_OR_RAISE(auto fields, FieldsFromJson(json, path));
    return arrow::struct_(std::move(fields));
  }
  if (kind == "list") {
    ARROW_ASSIGN_OR_RAISE(auto element, RoleFromJson(json, "element", path));
    return arrow::list(std::move(element));
  }
  if (kind == "map") {
    ARROW_ASSIGN_OR_RAISE(auto key, RoleFromJson(json, "key", path));
    ARROW_ASSIGN_OR_RAISE(auto value, RoleFromJson(json, "value", path));
    return std::make_shared<arrow::MapType>(std::move(key), std::move(value));
  }
  return UnknownType(path, kind);
}

Result<Json> TypeToJson(const arrow::DataType& type, const std::string& path);

Result<Json> FieldsToJson(const arrow::FieldVector& fields, const std::string& path) {
  Json list = Json::array();
  for (const auto& field : fields) {
    Json json;
    ARROW_ASSIGN_OR_RAISE(json["id"], FieldIdOf(*field));
    json["name"] = field->name();
    json["required"] = !field->nullable();
    ARROW_ASSIGN_OR_RAISE(json["type"], TypeToJson(*field->type(), JoinPath(path, field->name())));
    if (field->HasMetadata()) {
      const auto doc = field->metadata()->Get(kDocKey);
      if (doc.ok()) json["doc"] = *doc;
    }
    list.push_back(std::move(json));
  }
  return list;
}

Result<Json> NestedToJson(const arrow::DataType& type, std::string_view kind, const std::string& path) {
  Json json{{"type", kind}};
  for (const auto& child : ChildrenOf(type)) {
    const std::string& role = child->name();
    ARROW_ASSIGN_OR_RAISE(json[role + "-id"], FieldIdOf(*child));
    ARROW_ASSIGN_OR_RAISE(json[role], TypeToJson(*child->type(), JoinPath(path, role)));
    if (role != "key") json[role + "-required"] = !child->nullable();
  }
  return json;
}

Result<Json> TypeToJson(const arrow::DataType& type, const std::string& path) {
  switch (type.id()) {
    case arrow::Type::STRUCT: {
      Json json{{"type", "struct"}};
      ARROW_ASSIGN_OR_RAISE(json["fields"], FieldsToJson(type.fields(), path));
      return json;
    }
    case arrow::Type::LIST:
      return NestedToJson(type, "list", path);
    case arrow::Type::MAP:
      return NestedToJson(type, "map", path);
    case arrow::Type::FIXED_SIZE_BINARY:
      return fmt::format("fixed[{}]", static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width());
    case arrow::Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(type);
      return fmt::format("decimal({}, {})", decimal.precision(), decimal.scale());
    }
    default:
      for (const auto& [name, known] : NamedTypes()) {
        if (known->Equals(type)) return Json(name);
      }
      return UnknownType(path, type.ToString());
  }
}

constexpr std::string_view kList = "list<";

}  // namespace

TypePtr TypeOfName(const std::string& name) {
  if (!name.starts_with(kList) || !name.ends_with('>')) return PrimitiveFromText(name);
  auto element =
      PrimitiveFromText(std::string_view(name).substr(kList.size(), name.size() - kList.size() - 1));
  return element == nullptr ? nullptr : arrow::list(arrow::field("element", std::move(element)));
}

std::string NameOfType(const arrow::DataType& type) {
  if (type.id() == arrow::Type::STRUCT) return "struct";
  if (type.id() == arrow::Type::MAP) return "map";
  if (type.id() == arrow::Type::LIST) return fmt::format("{}{}>", kList, NameOfType(*type.field(0)->type()));
  const auto json = TypeToJson(type, "");
  return json.ok() ? json->get<std::string>() : type.ToString();
}

Result<std::shared_ptr<arrow::Schema>> SchemaFromJson(const Json& json) {
  ARROW_ASSIGN_OR_RAISE(auto fields, FieldsFromJson(json, ""));
  return arrow::schema(std::move(fields));
}

Result<Json> SchemaToJson(const arrow::Schema& schema, int schema_id) {
  Json json{{"type", "struct"}, {"schema-id", schema_id}};
  ARROW_ASSIGN_OR_RAISE(json["fields"], FieldsToJson(schema.fields(), ""));
  return json;
}

}  // namespace earthcatalog::iceberg
