#include "earthcatalog/geoparquet/leaf_columns.h"

#include <parquet/arrow/schema.h>
#include <parquet/properties.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "earthcatalog/base/field_id.h"
#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::geoparquet {
namespace {

using arrow::Type;

constexpr std::array<std::string_view, 9> kAlwaysBounded = {"id",       "collection",     "platform",
                                                            "datetime", "start_datetime", "end_datetime",
                                                            "created",  "updated",        "grid_partition"};
// Large texts (JSON, in tables of older versions), for which a minimum says nothing and costs much, and what
// nobody looks for.
constexpr std::array<std::string_view, 7> kNeverBounded = {
    "geometry", "bbox", "links", "assets", "stac_extensions", item::kOverflow, item::kStyle};
constexpr int kMaxBoundedColumns = 100;

template <size_t N>
bool Contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsSupportedLeaf(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
    case Type::INT32:
    case Type::INT64:
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::STRING:
    case Type::BINARY:
    case Type::DATE32:
      return true;
    case Type::TIMESTAMP:
      return static_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::MICRO;
    default:
      return false;
  }
}

Status AddLeaves(const arrow::Field& field, const std::string& path, bool bounded,
                 std::vector<LeafColumn>* leaves) {
  ARROW_ASSIGN_OR_RAISE(const int field_id, FieldIdOf(field));
  const arrow::DataType& type = *field.type();
  if (type.id() == Type::STRUCT) {
    for (const auto& child : type.fields()) {
      ARROW_RETURN_NOT_OK(AddLeaves(*child, path + "." + child->name(), bounded, leaves));
    }
    return Status::OK();
  }
  if (type.id() == Type::LIST) return AddLeaves(*type.field(0), path + ".list.element", false, leaves);
  if (!IsSupportedLeaf(type)) {
    return Status::NotImplemented("column ", path, " has the type ", type.ToString(),
                                  ", which this program does not write");
  }
  leaves->push_back({path, field.type(), field_id, 0, 0, field.nullable(), bounded});
  return Status::OK();
}

bool IsCovering(const arrow::Field& bbox) {
  if (bbox.type()->id() != Type::STRUCT || bbox.type()->num_fields() != 4) return false;
  constexpr std::array<std::string_view, 4> kNames = {"xmin", "ymin", "xmax", "ymax"};
  return std::all_of(bbox.type()->fields().begin(), bbox.type()->fields().end(), [&](const auto& field) {
    return field->type()->id() == Type::DOUBLE && Contains(kNames, field->name());
  });
}

}  // namespace

bool BoundsRule::Includes(const arrow::Field& top) {
  const bool is_struct = top.type()->id() == Type::STRUCT;
  if (is_struct) return top.name() == "bbox";
  if (!IsSupportedLeaf(*top.type()) || top.type()->id() == Type::BINARY) return false;
  if (Contains(kNeverBounded, top.name())) return false;
  return ++primitives_ <= kMaxBoundedColumns || Contains(kAlwaysBounded, top.name());
}

Result<FileLayout> MakeLayout(std::shared_ptr<arrow::Schema> schema) {
  FileLayout layout;
  BoundsRule rule;
  for (const auto& field : schema->fields()) {
    ARROW_RETURN_NOT_OK(AddLeaves(*field, field->name(), rule.Includes(*field), &layout.leaves));
  }

  layout.geometry = schema->GetFieldIndex("geometry");
  if (layout.geometry < 0 || schema->field(layout.geometry)->type()->id() != Type::BINARY) {
    return Status::Invalid("the table has no binary column `geometry`");
  }
  const auto bbox = schema->GetFieldByName("bbox");
  layout.has_covering = bbox != nullptr && IsCovering(*bbox);

  ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(schema.get(), *parquet::default_writer_properties(),
                                                      *parquet::default_arrow_writer_properties(),
                                                      &layout.parquet_schema));
  for (size_t i = 0; i < layout.leaves.size(); ++i) {
    const auto* column = layout.parquet_schema->Column(static_cast<int>(i));
    layout.leaves[i].path = column->path()->ToDotString();
    layout.leaves[i].max_definition = column->max_definition_level();
    layout.leaves[i].max_repetition = column->max_repetition_level();
  }
  layout.schema = std::move(schema);
  return layout;
}

}  // namespace earthcatalog::geoparquet
