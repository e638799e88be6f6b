#include "earthcatalog/geoparquet/file_leaves.h"

#include <string>
#include <utility>

#include "earthcatalog/base/field_id.h"

namespace earthcatalog::geoparquet {
namespace {

using arrow::Type;
using parquet::LogicalType;
using parquet::schema::GroupNode;
using parquet::schema::Node;
using parquet::schema::PrimitiveNode;
using Physical = parquet::Type;

bool HasFieldIds(const Node& node) {
  if (node.field_id() >= 0) return true;
  if (!node.is_group()) return false;
  const auto& group = static_cast<const GroupNode&>(node);
  for (int i = 0; i < group.field_count(); ++i) {
    if (HasFieldIds(*group.field(i))) return true;
  }
  return false;
}

bool IsInstant(const LogicalType& logical) { return logical.is_timestamp(); }

bool IsPlainInteger(const LogicalType& logical) {
  return !IsInstant(logical) && !logical.is_date() && !logical.is_time() && !logical.is_decimal();
}

// Whether values of the file's type are, or may grow into, values of the table's.
bool CanRead(const PrimitiveNode& node, const arrow::DataType& table) {
  const Physical::type physical = node.physical_type();
  const LogicalType& logical = *node.logical_type();
  switch (table.id()) {
    case Type::BOOL:
      return physical == Physical::BOOLEAN;
    case Type::INT32:
      return physical == Physical::INT32 && IsPlainInteger(logical);
    case Type::INT64:
      return (physical == Physical::INT32 || physical == Physical::INT64) && IsPlainInteger(logical);
    case Type::FLOAT:
      return physical == Physical::FLOAT;
    case Type::DOUBLE:
      return physical == Physical::FLOAT || physical == Physical::DOUBLE;
    case Type::DATE32:
      return physical == Physical::INT32 && logical.is_date();
    case Type::TIMESTAMP:
      return physical == Physical::INT96 || (physical == Physical::INT64 && IsInstant(logical));
    case Type::STRING:
      return physical == Physical::BYTE_ARRAY && !logical.is_decimal();
    case Type::BINARY:
      return physical == Physical::BYTE_ARRAY || physical == Physical::FIXED_LEN_BYTE_ARRAY;
    default:
      return false;
  }
}

class Matcher {
 public:
  explicit Matcher(const parquet::SchemaDescriptor& file)
      : file_(file), by_id_(HasFieldIds(*file.schema_root())) {}

  Status MatchAll(const arrow::Schema& table) {
    const auto& root = static_cast<const GroupNode&>(*file_.schema_root());
    BoundsRule rule;
    for (int i = 0; i < root.field_count(); ++i) {
      const arrow::Field* const field = Find(table.fields(), *root.field(i));
      if (field == nullptr) continue;
      ARROW_RETURN_NOT_OK(Match(*root.field(i), *field, rule.Includes(*field)));
    }
    return Status::OK();
  }

  std::vector<FileLeaf> Take() { return std::move(leaves_); }

 private:
  const arrow::Field* Find(const arrow::FieldVector& fields, const Node& node) const {
    for (const auto& field : fields) {
      const bool same = by_id_ ? FieldIdOf(*field).ValueOr(-1) == node.field_id() && node.field_id() >= 0
                               : field->name() == node.name();
      if (same) return field.get();
    }
    return nullptr;
  }

  Status Match(const Node& node, const arrow::Field& field, bool bounded) {
    const Type::type type = field.type()->id();
    const bool nested = type == Type::STRUCT || type == Type::LIST;
    if (nested != node.is_group() && !node.is_repeated()) return Mismatch(node, field);
    if (type == Type::LIST || node.is_repeated()) return Status::OK();
    if (!nested) return AddLeaf(static_cast<const PrimitiveNode&>(node), field, bounded);
    const auto& group = static_cast<const GroupNode&>(node);
    for (int i = 0; i < group.field_count(); ++i) {
      const arrow::Field* const child = Find(field.type()->fields(), *group.field(i));
      if (child != nullptr) ARROW_RETURN_NOT_OK(Match(*group.field(i), *child, bounded));
    }
    return Status::OK();
  }

  Status AddLeaf(const PrimitiveNode& node, const arrow::Field& field, bool bounded) {
    if (!CanRead(node, *field.type())) return Mismatch(node, field);
    ARROW_ASSIGN_OR_RAISE(const int id, FieldIdOf(field));
    const int column = file_.ColumnIndex(node);
    const auto* descriptor = file_.Column(column);
    const LogicalType& logical = *node.logical_type();
    FileLeaf& leaf = leaves_.emplace_back(
        FileLeaf{column,
                 {descriptor->path()->ToDotString(), field.type(), id, descriptor->max_definition_level(),
                  descriptor->max_repetition_level(), !node.is_required(), bounded}});
    if (logical.is_int()) {
      leaf.is_unsigned = !static_cast<const parquet::IntLogicalType&>(logical).is_signed();
    }
    if (IsInstant(logical)) {
      leaf.unit = static_cast<const parquet::TimestampLogicalType&>(logical).time_unit();
    }
    return Status::OK();
  }

  static Status Mismatch(const Node& node, const arrow::Field& field) {
    return CorruptError("its column {} is not of the table's type {}", node.path()->ToDotString(),
                        field.type()->ToString());
  }

  const parquet::SchemaDescriptor& file_;
  const bool by_id_;
  std::vector<FileLeaf> leaves_;
};

}  // namespace

Result<std::vector<FileLeaf>> MatchLeaves(const parquet::SchemaDescriptor& file, const arrow::Schema& table) {
  Matcher matcher(file);
  ARROW_RETURN_NOT_OK(matcher.MatchAll(table));
  return matcher.Take();
}

}  // namespace earthcatalog::geoparquet
