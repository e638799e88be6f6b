#include "earthcatalog/maintain/column_votes.h"

#include <algorithm>
#include <optional>

#include "earthcatalog/base/field_id.h"
#include "earthcatalog/iceberg/schema_tree.h"

namespace earthcatalog::maintain {
namespace {

using arrow::Type;
using TypePtr = std::shared_ptr<arrow::DataType>;

bool IsOfGroup(const arrow::DataType& type, Type::type narrow, Type::type wide) {
  return type.id() == narrow || type.id() == wide;
}

}  // namespace

void ColumnVotes::Column::Add(const arrow::Field& field) {
  const TypePtr& type = field.type();
  if (type->id() == Type::NA) return;
  const bool nested = iceberg::IsNested(*type);
  auto& [known, count] = types[nested ? type->name() : type->ToString()];
  known = type;
  ++count;
  if (const auto id = IdOf(field)) ++ids[*id];
  for (const auto& child : type->fields()) children[child->name()].Add(*child);
}

TypePtr ColumnVotes::Column::Winner() const {
  const auto count_of = [&](const arrow::DataType& type) {
    int64_t count = 0;
    for (const auto& [text, of_type] : types) {
      const bool same = of_type.first->id() == type.id() ||
                        (IsOfGroup(type, Type::INT32, Type::INT64) &&
                         IsOfGroup(*of_type.first, Type::INT32, Type::INT64)) ||
                        (IsOfGroup(type, Type::FLOAT, Type::DOUBLE) &&
                         IsOfGroup(*of_type.first, Type::FLOAT, Type::DOUBLE));
      if (same) count += of_type.second;
    }
    return count;
  };
  TypePtr winner;
  int64_t most = 0;
  for (const auto& [text, of_type] : types) {
    const TypePtr& type = of_type.first;
    const int64_t count = count_of(*type);
    const bool wider = winner != nullptr && count == most && iceberg::CanGrowInto(*winner, *type);
    if (count > most || wider) winner = type, most = count;
  }
  if (winner == nullptr) return arrow::null();
  if (winner->id() == Type::LIST) {
    const auto element = children.find("element");
    const TypePtr type = element == children.end() ? arrow::null() : element->second.Winner();
    return type->id() == Type::NA ? type : arrow::list(arrow::field("element", type));
  }
  if (winner->id() != Type::STRUCT) return winner;
  arrow::FieldVector fields;
  for (const auto& [name, child] : children) {
    const TypePtr type = child.Winner();
    if (type->id() != Type::NA) fields.push_back(arrow::field(name, type));
  }
  return fields.empty() ? arrow::null() : arrow::struct_(fields);
}

int ColumnVotes::Column::PreferredId() const {
  int id = -1;
  int64_t most = 0;
  for (const auto& [candidate, count] : ids) {
    if (count > most) id = candidate, most = count;
  }
  return id;
}

void ColumnVotes::Add(const FileColumns& file) {
  for (const auto& field : file.schema->fields()) root_.children[field->name()].Add(*field);
}

std::shared_ptr<arrow::Schema> ColumnVotes::Winners(const arrow::Schema* table, int last_column_id) const {
  arrow::FieldVector fields;
  for (const auto& [name, column] : root_.children) {
    const TypePtr type = column.Winner();
    const bool known = table != nullptr && table->GetFieldByName(name) != nullptr;
    const bool dropped = !known && 0 < column.PreferredId() && column.PreferredId() <= last_column_id;
    if (type->id() != Type::NA && !dropped) fields.push_back(arrow::field(name, type));
  }
  return arrow::schema(std::move(fields));
}

bool ColumnVotes::Prefers(const std::string& column, const arrow::DataType& type) const {
  const auto found = root_.children.find(column);
  return found != root_.children.end() && found->second.Winner()->id() == type.id();
}

// Goes through the columns twice: the ids that files have come first, so that none of them is given away.
class ColumnVotes::IdGiver {
 public:
  explicit IdGiver(int last_column_id) : last_of_table_(last_column_id) {}

  void Reserve(const arrow::FieldVector& fields, const arrow::FieldVector& table, const Column& votes,
               const std::string& path) {
    const arrow::StructType known(table);
    for (const auto& field : fields) {
      const auto voted = votes.children.find(field->name());
      if (voted == votes.children.end()) continue;
      const std::string name = path + field->name();
      const auto match = known.GetFieldByName(field->name());
      const int id = match == nullptr ? voted->second.PreferredId() : -1;
      if (id > last_of_table_ && taken_.insert(id).second) reserved_[name] = id;
      Reserve(iceberg::ChildrenOf(*field->type()), ChildrenOf(match), voted->second, name + ".");
    }
  }

  arrow::FieldVector Give(const arrow::FieldVector& fields, const arrow::FieldVector& table,
                          const std::string& path) {
    const arrow::StructType known(table);
    arrow::FieldVector given;
    for (const auto& field : fields) {
      const std::string name = path + field->name();
      const auto match = known.GetFieldByName(field->name());
      const int id = match == nullptr ? NewId(name) : IdOf(*match).value_or(0);
      TypePtr type = field->type();
      if (iceberg::IsNested(*type)) {
        type = iceberg::WithChildren(*type, Give(iceberg::ChildrenOf(*type), ChildrenOf(match), name + "."));
      }
      given.push_back(WithFieldId(match == nullptr ? field : match, id)->WithType(std::move(type)));
    }
    return given;
  }

  int last() const { return std::max(last_of_table_, taken_.empty() ? 0 : *taken_.rbegin()); }

 private:
  static arrow::FieldVector ChildrenOf(const std::shared_ptr<arrow::Field>& field) {
    return field == nullptr ? arrow::FieldVector{} : iceberg::ChildrenOf(*field->type());
  }

  int NewId(const std::string& name) {
    if (const auto reserved = reserved_.find(name); reserved != reserved_.end()) return reserved->second;
    int id = last_of_table_ + 1;
    while (!taken_.insert(id).second) ++id;
    return id;
  }

  const int last_of_table_;
  std::set<int> taken_;
  std::map<std::string, int> reserved_;  // by the column's path
};

std::shared_ptr<arrow::Schema> ColumnVotes::WithIds(const arrow::Schema& columns, const arrow::Schema* table,
                                                    int* last_column_id) const {
  IdGiver ids(*last_column_id);
  const arrow::FieldVector known = table == nullptr ? arrow::FieldVector{} : table->fields();
  ids.Reserve(columns.fields(), known, root_, "");
  auto fields = ids.Give(columns.fields(), known, "");
  *last_column_id = ids.last();
  return arrow::schema(std::move(fields));
}

namespace {

void CollectMissing(const arrow::FieldVector& fields, const arrow::FieldVector& other,
                    const std::string& path, std::set<std::string>* missing) {
  const arrow::StructType known(other);
  for (const auto& field : fields) {
    const auto match = known.GetFieldByName(field->name());
    if (match == nullptr) {
      missing->insert(path + field->name());
    } else {
      CollectMissing(field->type()->fields(), match->type()->fields(), path + field->name() + ".", missing);
    }
  }
}

}  // namespace

std::set<std::string> ColumnsNotIn(const arrow::Schema& schema, const arrow::Schema& other) {
  std::set<std::string> missing;
  CollectMissing(schema.fields(), other.fields(), "", &missing);
  return missing;
}

}  // namespace earthcatalog::maintain
