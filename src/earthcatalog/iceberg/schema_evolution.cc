// Field ids: given to new schemas, kept in grown ones, compared between writers.
#include <algorithm>
#include <limits>
#include <set>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/iceberg/schema_tree.h"

namespace earthcatalog::iceberg {
namespace {

class FieldIdAssigner {
 public:
  explicit FieldIdAssigner(int* last_column_id) : last_column_id_(last_column_id) {}

  // One level gets its ids before anything nested in it does. `current` is null where everything is new.
  Result<arrow::FieldVector> Fields(const arrow::FieldVector& wanted, const arrow::FieldVector* current,
                                    const std::string& path) {
    ARROW_ASSIGN_OR_RAISE(const auto matches, Match(wanted, current, path));
    std::vector<int> ids;
    for (const auto& match : matches) {
      if (match == nullptr) {
        if (*last_column_id_ == std::numeric_limits<int>::max()) {
          return CorruptError("the table has no column id left");
        }
        ids.push_back(++*last_column_id_);
      } else {
        ARROW_ASSIGN_OR_RAISE(ids.emplace_back(), FieldIdOf(*match));
      }
    }
    arrow::FieldVector fields;
    for (size_t i = 0; i < wanted.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(auto type, Type(*wanted[i], matches[i].get(), path + wanted[i]->name()));
      const bool was_optional = current != nullptr && (matches[i] == nullptr || matches[i]->nullable());
      const auto& kept =
          matches[i] == nullptr ? wanted[i] : matches[i];  // descriptions stay with the table's
      fields.push_back(WithFieldId(kept, ids[i])
                           ->WithType(std::move(type))
                           ->WithNullable(wanted[i]->nullable() || was_optional));
    }
    return fields;
  }

 private:
  // For each wanted field the current one of its name, or null.
  static Result<arrow::FieldVector> Match(const arrow::FieldVector& wanted, const arrow::FieldVector* current,
                                          const std::string& path) {
    const arrow::StructType known(current == nullptr ? arrow::FieldVector{} : *current);
    arrow::FieldVector matches;
    std::set<std::string_view> names;
    for (const auto& field : wanted) {
      if (!names.insert(field->name()).second) {
        return UsageError("column `{}` is there twice", OneLine(path + field->name()));
      }
      matches.push_back(known.GetFieldByName(field->name()));
    }
    for (const auto& field : known.fields()) {
      if (!names.contains(field->name())) {
        return UsageError("column `{}` of the table is missing in the new schema",
                          OneLine(path + field->name()));
      }
    }
    return matches;
  }

  Result<std::shared_ptr<arrow::DataType>> Type(const arrow::Field& wanted, const arrow::Field* current,
                                                const std::string& path) {
    const auto children = ChildrenOf(*wanted.type());
    const bool nested = IsNested(*wanted.type());
    if (current != nullptr) {
      const bool allowed = nested ? wanted.type()->id() == current->type()->id()
                                  : CanGrowInto(*current->type(), *wanted.type());
      if (!allowed) {
        return UsageError("column `{}` cannot change its type from {} to {}", OneLine(path),
                          current->type()->ToString(), wanted.type()->ToString());
      }
    }
    if (!nested) return wanted.type();
    const auto current_children = current == nullptr ? arrow::FieldVector{} : ChildrenOf(*current->type());
    ARROW_ASSIGN_OR_RAISE(const auto fields,
                          Fields(children, current == nullptr ? nullptr : &current_children, path + "."));
    return WithChildren(*wanted.type(), fields);
  }

  int* last_column_id_;
};

bool AreReadableAs(const arrow::FieldVector& written, const arrow::FieldVector& table) {
  const arrow::StructType known(table);
  for (const auto& field : written) {
    const auto match = known.GetFieldByName(field->name());
    if (match == nullptr) return false;
    const auto id = FieldIdOf(*field);
    const auto match_id = FieldIdOf(*match);
    if (!id.ok() || !match_id.ok() || *id != *match_id) return false;
    if (IsNested(*field->type())) {
      if (field->type()->id() != match->type()->id()) return false;
      if (!AreReadableAs(ChildrenOf(*field->type()), ChildrenOf(*match->type()))) return false;
    } else if (!CanGrowInto(*field->type(), *match->type())) {
      return false;
    }
  }
  return true;
}

// False when an id is missing or there twice.
bool CollectIds(const arrow::FieldVector& fields, std::set<int>* ids) {
  return std::all_of(fields.begin(), fields.end(), [ids](const auto& field) {
    const auto id = FieldIdOf(*field);
    return id.ok() && ids->insert(*id).second && CollectIds(ChildrenOf(*field->type()), ids);
  });
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> AssignFieldIds(const arrow::Schema& wanted,
                                                      const arrow::Schema* current, int* last_column_id) {
  FieldIdAssigner assigner(last_column_id);
  const arrow::FieldVector* current_fields = current == nullptr ? nullptr : &current->fields();
  ARROW_ASSIGN_OR_RAISE(auto fields, assigner.Fields(wanted.fields(), current_fields, ""));
  return arrow::schema(std::move(fields));
}

std::optional<int> LastColumnIdOfGrown(const arrow::Schema& grown, const arrow::Schema& table,
                                       int last_column_id) {
  std::set<int> ids, table_ids;
  if (!IsReadableAs(table, grown) || !CollectIds(grown.fields(), &ids)) return std::nullopt;
  CollectIds(table.fields(), &table_ids);
  const auto is_free = [&](int id) { return table_ids.contains(id) || id > last_column_id; };
  if (!std::all_of(ids.begin(), ids.end(), is_free)) return std::nullopt;
  return ids.empty() ? last_column_id : std::max(last_column_id, *ids.rbegin());
}

Result<std::shared_ptr<arrow::Schema>> ReplaceColumns(
    const arrow::Schema& table, const std::map<std::string, std::shared_ptr<arrow::DataType>>& types,
    int* last_column_id) {
  FieldIdAssigner assigner(last_column_id);
  arrow::FieldVector fields = table.fields();
  for (auto& field : fields) {
    const auto type = types.find(field->name());
    if (type == types.end()) continue;
    ARROW_ASSIGN_OR_RAISE(const auto replaced,
                          assigner.Fields({field->WithType(type->second)->WithNullable(true)}, nullptr, ""));
    field = replaced.front();
  }
  return arrow::schema(std::move(fields));
}

std::optional<int> LastColumnIdOfReplaced(const arrow::Schema& replaced, const arrow::Schema& table,
                                          int last_column_id) {
  if (replaced.num_fields() != table.num_fields()) return std::nullopt;
  std::set<int> ids, new_ids;
  for (int i = 0; i < table.num_fields(); ++i) {
    const auto& field = replaced.field(i);
    const bool is_new = !field->Equals(*table.field(i), /*check_metadata=*/true);
    if (field->name() != table.field(i)->name()) return std::nullopt;
    if (!CollectIds({field}, &ids) || (is_new && !CollectIds({field}, &new_ids))) return std::nullopt;
  }
  if (new_ids.empty()) return last_column_id;
  return *new_ids.begin() > last_column_id ? std::optional(*new_ids.rbegin()) : std::nullopt;
}

bool IsReadableAs(const arrow::Schema& written, const arrow::Schema& table) {
  return AreReadableAs(written.fields(), table.fields());
}

}  // namespace earthcatalog::iceberg
