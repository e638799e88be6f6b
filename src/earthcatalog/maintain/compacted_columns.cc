#include "earthcatalog/maintain/compacted_columns.h"

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/item/change_types.h"
#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::maintain {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

Result<TypePtr> NewType(const std::string& column, const std::string& name, const arrow::Schema& table) {
  const auto field = table.GetFieldByName(column);
  if (field == nullptr) return UsageError("the table has no column {}", OneLine(column));
  if (!item::MayChangeType(column)) {
    return UsageError("the column {} has the same type in every table: it cannot be changed", column);
  }
  auto type = iceberg::TypeOfName(name);
  if (type == nullptr || !item::HoldsValues(*type)) {
    return UsageError(
        "{}: '{}' is no type of a column of values of items; such are boolean, int, long, float, double, "
        "string, timestamptz, and lists of these, as list<string>",
        OneLine(column), OneLine(name));
  }
  if (field->type()->Equals(*type)) {
    return UsageError("the column {} has the type {} already", OneLine(column), name);
  }
  return type;
}

// Whatever room the columns of items leave.
Result<std::shared_ptr<arrow::Schema>> WithIngestedColumn(const std::shared_ptr<arrow::Schema>& table) {
  const std::string name(item::kIngested);
  const auto field = table->GetFieldByName(name);
  if (field == nullptr) {
    const int place = table->GetFieldIndex(std::string(item::kGridPartition));
    return table->AddField(place < 0 ? table->num_fields() : place, arrow::field(name, arrow::int64()));
  }
  if (field->type()->id() == arrow::Type::INT64) return table;
  return CorruptError(
      "the table has a column {} of the type {}; compacted rows keep there when they were ingested, as int64",
      name, field->type()->ToString());
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> ColumnsFor(const std::shared_ptr<arrow::Schema>& table,
                                                  bool types_change) {
  if (!types_change) return WithIngestedColumn(table);
  const auto overflow = arrow::schema({arrow::field(std::string(item::kOverflow), arrow::utf8())});
  ARROW_ASSIGN_OR_RAISE(const auto with_overflow, item::Evolve(table, overflow));
  return WithIngestedColumn(with_overflow);
}

Result<std::map<std::string, TypePtr>> NewTypes(const std::map<std::string, std::string>& named,
                                                const arrow::Schema& table) {
  std::map<std::string, TypePtr> types;
  for (const auto& [column, name] : named) {
    ARROW_ASSIGN_OR_RAISE(types[column], NewType(column, name, table));
  }
  return types;
}

std::vector<ChangedColumn> ChangesOf(const std::map<std::string, TypePtr>& types,
                                     const arrow::Schema& table) {
  std::vector<ChangedColumn> changes;
  for (const auto& [column, type] : types) {
    changes.push_back(
        {column, iceberg::NameOfType(*table.GetFieldByName(column)->type()), iceberg::NameOfType(*type)});
  }
  return changes;
}

}  // namespace earthcatalog::maintain
