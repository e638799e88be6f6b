#include "earthcatalog/iceberg/avro_schema.h"

#include <array>
#include <map>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/json_access.h"

namespace earthcatalog::iceberg {
namespace {

using Kind = AvroType::Kind;

constexpr int kMaxTypes = 4096;
constexpr int64_t kMaxFixedSize = 1 << 20;

constexpr std::array<std::pair<std::string_view, Kind>, 8> kPrimitives{{
    {"null", Kind::kNull},
    {"boolean", Kind::kBoolean},
    {"int", Kind::kInt},
    {"long", Kind::kLong},
    {"float", Kind::kFloat},
    {"double", Kind::kDouble},
    {"bytes", Kind::kBytes},
    {"string", Kind::kString},
}};

class SchemaParser {
 public:
  Result<AvroType> Parse(const Json& json) {
    if (++types_ > kMaxTypes) return CorruptError("the Avro schema has too many types");
    if (json.is_string()) return Named(json.get<std::string>());
    if (json.is_array()) return Union(json);
    ARROW_ASSIGN_OR_RAISE(const Json* type, AnyMember(json, "type"));
    if (!type->is_string()) return Parse(*type);
    const auto kind = type->get<std::string>();
    if (kind == "record") return Record(json);
    if (kind == "array") return Container(Kind::kArray, json, "items");
    if (kind == "map") return Container(Kind::kMap, json, "values");
    if (kind == "enum") return Remember(json, AvroType{.kind = Kind::kEnum, .fields = {}, .branches = {}});
    if (kind == "fixed") return Fixed(json);
    return Named(kind);
  }

 private:
  Result<AvroType> Named(const std::string& name) {
    for (const auto& [primitive, kind] : kPrimitives) {
      if (primitive == name) return AvroType{.kind = kind, .fields = {}, .branches = {}};
    }
    const auto known = named_.find(name);
    if (known == named_.end())
      return CorruptError("the Avro schema names an unknown type `{}`", OneLine(name));
    return known->second;
  }

  Result<AvroType> Union(const Json& json) {
    AvroType type{.kind = Kind::kUnion, .fields = {}, .branches = {}};
    for (const Json& branch : json) {
      ARROW_ASSIGN_OR_RAISE(type.branches.emplace_back(), Parse(branch));
    }
    return type;
  }

  Result<AvroType> Record(const Json& json) {
    AvroType type{.kind = Kind::kRecord, .fields = {}, .branches = {}};
    ARROW_ASSIGN_OR_RAISE(const Json* members, ArrayMember(json, "fields"));
    for (const Json& member : *members) {
      AvroField& field = type.fields.emplace_back();
      ARROW_ASSIGN_OR_RAISE(field.name, TextMember(member, "name"));
      ARROW_ASSIGN_OR_RAISE(const Json* field_type, AnyMember(member, "type"));
      ARROW_ASSIGN_OR_RAISE(field.type, Parse(*field_type));
      field.id = static_cast<int>(FindInteger(member, "field-id").value_or(-1));
    }
    return type;
  }

  Result<AvroType> Container(Kind kind, const Json& json, std::string_view items) {
    AvroType type{.kind = kind, .fields = {}, .branches = {}};
    ARROW_ASSIGN_OR_RAISE(const Json* item, AnyMember(json, items));
    ARROW_ASSIGN_OR_RAISE(type.branches.emplace_back(), Parse(*item));
    return type;
  }

  Result<AvroType> Fixed(const Json& json) {
    AvroType type{.kind = Kind::kFixed, .fields = {}, .branches = {}};
    ARROW_ASSIGN_OR_RAISE(const int64_t size, IntegerMember(json, "size"));
    if (size < 0 || size > kMaxFixedSize)
      return CorruptError("the Avro schema has a fixed type of {} bytes", size);
    type.fixed_size = static_cast<size_t>(size);
    return Remember(json, std::move(type));
  }

  AvroType Remember(const Json& json, AvroType type) {
    if (auto name = FindText(json, "name")) named_[*std::move(name)] = type;
    return type;
  }

  int types_ = 0;
  std::map<std::string, AvroType> named_;  // enums and fixed types only
};

}  // namespace

Result<AvroType> ParseAvroSchema(std::string_view json) {
  ARROW_ASSIGN_OR_RAISE(const Json document, ParseJson(json, "the Avro schema"));
  return SchemaParser().Parse(document);
}

void FillFieldIds(AvroType* record, std::initializer_list<std::pair<std::string_view, int>> ids) {
  if (record == nullptr) return;
  for (AvroField& field : record->fields) {
    if (field.id >= 0) continue;
    for (const auto& [name, id] : ids) {
      if (name == field.name) field.id = id;
    }
  }
}

AvroType* RecordBelow(AvroType* record, int field_id) {
  if (record == nullptr) return nullptr;
  for (AvroField& field : record->fields) {
    if (field.id != field_id) continue;
    AvroType* type = &field.type;
    while (type != nullptr && type->kind != Kind::kRecord) {
      AvroType* below = nullptr;
      for (AvroType& branch : type->branches) {
        if (branch.kind != Kind::kNull) below = &branch;
      }
      type = below;
    }
    return type;
  }
  return nullptr;
}

}  // namespace earthcatalog::iceberg
