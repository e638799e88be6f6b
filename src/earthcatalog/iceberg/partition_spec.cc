#include "earthcatalog/iceberg/partition_spec.h"

#include <algorithm>

#include "earthcatalog/iceberg/schema.h"

namespace earthcatalog::iceberg {
namespace {

using Role = PartitionField::Role;

constexpr char kCellColumn[] = "grid_partition";
constexpr char kTimeColumn[] = "datetime";
constexpr int kCellFieldId = 1000;

Role RoleOf(const std::string& transform, int64_t source_id, const arrow::Schema& schema) {
  const auto is_column = [&](const char* name) {
    const auto field = schema.GetFieldByName(name);
    if (field == nullptr) return false;
    const auto id = FieldIdOf(*field);
    return id.ok() && *id == source_id;
  };
  if (transform == "identity" && is_column(kCellColumn)) return Role::kCell;
  if (transform == "year" && is_column(kTimeColumn)) return Role::kYear;
  return Role::kOther;
}

Result<int> SourceId(const arrow::Schema& schema, const char* name, arrow::Type::type type) {
  const auto field = schema.GetFieldByName(name);
  if (field == nullptr || field->type()->id() != type) {
    return UsageError("the table needs a column `{}` of type {} to be partitioned by", name,
                      type == arrow::Type::STRING ? "string" : "timestamp");
  }
  return FieldIdOf(*field);
}

}  // namespace

bool PartitionSpec::IsCellAndYear() const {
  const auto count = [this](Role role) {
    return std::count_if(fields.begin(), fields.end(),
                         [role](const auto& field) { return field.role == role; });
  };
  return fields.size() == 2 && count(Role::kCell) == 1 && count(Role::kYear) == 1;
}

bool PartitionSpec::Has(Role role) const {
  return std::any_of(fields.begin(), fields.end(), [role](const auto& field) { return field.role == role; });
}

Result<PartitionSpec> ParsePartitionSpec(const Json& json, const arrow::Schema& schema) {
  PartitionSpec spec;
  ARROW_ASSIGN_OR_RAISE(spec.id, IdMember(json, "spec-id"));
  ARROW_ASSIGN_OR_RAISE(const Json* fields, ArrayMember(json, "fields"));
  spec.fields_json = *fields;
  for (const Json& member : *fields) {
    PartitionField& field = spec.fields.emplace_back();
    ARROW_ASSIGN_OR_RAISE(field.id, IdMember(member, "field-id"));
    ARROW_ASSIGN_OR_RAISE(field.name, TextMember(member, "name"));
    ARROW_ASSIGN_OR_RAISE(const std::string transform, TextMember(member, "transform"));
    field.role = RoleOf(transform, FindInteger(member, "source-id").value_or(-1), schema);
  }
  return spec;
}

Result<Json> CellAndYearSpec(const arrow::Schema& schema) {
  ARROW_ASSIGN_OR_RAISE(const int cell, SourceId(schema, kCellColumn, arrow::Type::STRING));
  ARROW_ASSIGN_OR_RAISE(const int time, SourceId(schema, kTimeColumn, arrow::Type::TIMESTAMP));
  const Json cell_field{
      {"source-id", cell}, {"field-id", kCellFieldId}, {"transform", "identity"}, {"name", kCellColumn}};
  const Json year_field{
      {"source-id", time}, {"field-id", kLastPartitionId}, {"transform", "year"}, {"name", "year"}};
  return Json{{"spec-id", 0}, {"fields", Json::array({cell_field, year_field})}};
}

}  // namespace earthcatalog::iceberg
