#include "earthcatalog/geoparquet/file_shape.h"

#include <arrow/util/base64.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "earthcatalog/base/field_id.h"
#include "earthcatalog/item/json_columns.h"

namespace earthcatalog::geoparquet {
namespace {

using arrow::Type;
using parquet::arrow::SchemaField;
using Physical = parquet::Type;

// Texts one of which is in the base64 form of whatever has `text` in it: it begins at one of three places.
std::array<std::string, 3> InBase64(std::string_view text) {
  std::array<std::string, 3> forms;
  for (size_t before = 0; before < forms.size(); ++before) {
    // Four characters for three bytes; those that a neighbour has a part in are left out.
    const size_t skipped = (3 - before) % 3;
    const std::string_view whole = text.substr(skipped, (text.size() - skipped) / 3 * 3);
    forms[before] = arrow::util::base64_encode(whole);
  }
  return forms;
}

// What Arrow notes of its own types (large or dictionary-encoded texts, names of time zones) says how it
// holds values and not what they are, except for extension types. That the notes differ from file to file
// although the columns do not is common: they hold the file's metadata once more.
bool ArrowSchemaMatters(std::string_view arrow_schema) {
  static const auto* const forms = new std::array<std::string, 3>(InBase64("ARROW:extension:name"));
  return std::any_of(forms->begin(), forms->end(), [&](const std::string& form) {
    return arrow_schema.find(form) != std::string_view::npos;
  });
}

// As Thrift numbers them.
int32_t ThriftTypeOf(Physical::type type) { return static_cast<int32_t>(type); }

int WidthOf(Physical::type type) {
  switch (type) {
    case Physical::BOOLEAN:
      return 1;
    case Physical::INT32:
    case Physical::FLOAT:
      return 4;
    case Physical::INT64:
    case Physical::DOUBLE:
      return 8;
    default:
      return 0;
  }
}

std::optional<Conversion> InstantConversion(const arrow::DataType& file, const arrow::DataType& table) {
  const auto& from = static_cast<const arrow::TimestampType&>(file);
  const auto& to = static_cast<const arrow::TimestampType&>(table);
  if (from.timezone().empty() || to.timezone() != "UTC" || to.unit() != arrow::TimeUnit::MICRO) return {};
  if (from.unit() == arrow::TimeUnit::MICRO) return Conversion::kNone;
  if (from.unit() == arrow::TimeUnit::MILLI) return Conversion::kMilliToMicro;
  return {};
}

// How values stored as `physical`, which Arrow reads as `file`, become the table's. Nothing: not so simply.
std::optional<Conversion> ConversionOf(Physical::type physical, const arrow::DataType& file,
                                       const arrow::DataType& table) {
  const auto if_both = [&](Type::type type, Physical::type stored, Conversion conversion) {
    return file.id() == type && physical == stored ? std::optional(conversion) : std::nullopt;
  };
  switch (table.id()) {
    case Type::BOOL:
      return if_both(Type::BOOL, Physical::BOOLEAN, Conversion::kNone);
    case Type::INT32:
    case Type::DATE32:
      return if_both(table.id(), Physical::INT32, Conversion::kNone);
    case Type::INT64:
      return file.id() == Type::INT32 ? if_both(Type::INT32, Physical::INT32, Conversion::kWiden)
                                      : if_both(Type::INT64, Physical::INT64, Conversion::kNone);
    case Type::FLOAT:
      return if_both(Type::FLOAT, Physical::FLOAT, Conversion::kNone);
    case Type::DOUBLE:
      return file.id() == Type::FLOAT ? if_both(Type::FLOAT, Physical::FLOAT, Conversion::kFloatToDouble)
                                      : if_both(Type::DOUBLE, Physical::DOUBLE, Conversion::kNone);
    case Type::TIMESTAMP:
      if (file.id() != Type::TIMESTAMP || physical != Physical::INT64) return {};
      return InstantConversion(file, table);
    case Type::STRING:
      return if_both(file.id() == Type::LARGE_STRING ? file.id() : Type::STRING, Physical::BYTE_ARRAY,
                     Conversion::kNone);
    case Type::BINARY:
      return if_both(file.id() == Type::LARGE_BINARY ? file.id() : Type::BINARY, Physical::BYTE_ARRAY,
                     Conversion::kNone);
    default:
      return {};
  }
}

class ShapeMaker {
 public:
  ShapeMaker(const parquet::SchemaDescriptor& file, FileShape* shape) : file_(file), shape_(*shape) {}

  bool AddColumns(const std::vector<SchemaField>& fields, const std::vector<LeafNode>& table) {
    const auto matched = MatchByName(fields, table);
    if (!matched) return false;
    for (size_t i = 0; i < table.size(); ++i) {
      if ((*matched)[i] == nullptr && !table[i].field->nullable()) return false;
    }
    for (const SchemaField& field : fields) {
      const auto place = std::find(matched->begin(), matched->end(), &field) - matched->begin();
      column_ = static_cast<size_t>(place);
      shape_.columns.push_back(column_);
      if (!Add(field, table[column_], {})) return false;
      const bool repairable = item::IsStructuredMember(field.field->name()) && !FieldIdOf(*field.field).ok();
      if (repairable && table[column_].field->type()->id() == Type::STRING) {
        shape_.leaves.back().conversion = Conversion::kWithoutNullMembers;
      }
    }
    return static_cast<int>(shape_.leaves.size()) == file_.num_columns();
  }

 private:
  using Levels = std::vector<uint8_t>;  // as far as the node's parents

  // For each of the table's, the file's. Nothing if one of the file's has no place, or more than one.
  static std::optional<std::vector<const SchemaField*>> MatchByName(const std::vector<SchemaField>& fields,
                                                                    const std::vector<LeafNode>& table) {
    std::vector<const SchemaField*> matched(table.size());
    for (const SchemaField& field : fields) {
      const auto place = std::find_if(table.begin(), table.end(), [&](const LeafNode& node) {
        return node.field->name() == field.field->name();
      });
      if (place == table.end()) return {};
      const SchemaField*& match = matched[static_cast<size_t>(place - table.begin())];
      if (match != nullptr) return {};
      match = &field;
    }
    return matched;
  }

  bool Add(const SchemaField& file, const LeafNode& node, Levels levels) {
    const bool optional = file.field->nullable();
    if (optional) levels.push_back(node.field->nullable() ? node.above : kNoLevel);
    switch (node.kind) {
      case LeafNode::Kind::kStruct:
        return !file.is_leaf() && file.field->type()->id() == Type::STRUCT && AddStruct(file, node, levels);
      case LeafNode::Kind::kList:
        if (file.is_leaf() || file.field->type()->id() != Type::LIST || file.children.size() != 1)
          return false;
        levels.push_back(node.present);
        return Add(file.children[0], node.children[0], std::move(levels));
      default:
        levels.push_back(node.present);
        return file.is_leaf() && AddLeaf(file, node, std::move(levels));
    }
  }

  bool AddStruct(const SchemaField& file, const LeafNode& node, const Levels& levels) {
    const auto matched = MatchByName(file.children, node.children);
    if (!matched || file.children.empty()) return false;
    const size_t first = shape_.leaves.size();
    for (const SchemaField& field : file.children) {
      const auto place = std::find(matched->begin(), matched->end(), &field) - matched->begin();
      const size_t next = shape_.leaves.size();
      if (!Add(field, node.children[static_cast<size_t>(place)], levels)) return false;
      if (next == first) continue;
      ShapeLeaf& leaf = shape_.leaves[next];
      leaf.shares = true;
      leaf.shared_repetition = node.repetition;
      leaf.shared_definition = node.present;
    }
    for (size_t i = 0; i < node.children.size(); ++i) {
      if ((*matched)[i] != nullptr) continue;
      const LeafNode& absent = node.children[i];
      if (!absent.field->nullable()) return false;
      for (size_t leaf = absent.first_leaf; leaf < absent.end_leaf; ++leaf) {
        shape_.absent.push_back({column_, leaf, shape_.leaves[first].leaf, node.repetition, node.present});
      }
    }
    return true;
  }

  bool AddLeaf(const SchemaField& file, const LeafNode& node, Levels levels) {
    const auto* const column = file_.Column(file.column_index);
    const auto conversion = ConversionOf(column->physical_type(), *file.field->type(), *node.field->type());
    const bool as_counted = static_cast<int>(levels.size()) == column->max_definition_level() + 1 &&
                            column->max_repetition_level() == node.repetition;
    if (!conversion || !as_counted || file.column_index != static_cast<int>(shape_.leaves.size()))
      return false;
    shape_.leaves.push_back({file.column_index, node.first_leaf, ThriftTypeOf(column->physical_type()),
                             WidthOf(column->physical_type()), *conversion, node.repetition,
                             std::move(levels), false, 0, 0});
    shape_.leaf_columns.push_back(column_);
    return true;
  }

  const parquet::SchemaDescriptor& file_;
  FileShape& shape_;
  size_t column_ = 0;
};

Status Make(const SmallFileFooter& footer, const std::vector<LeafNode>& table,
            std::unique_ptr<const FileShape>* made) {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  const auto metadata =
      parquet::FileMetaData::Make(footer.bytes.data(), static_cast<int64_t>(footer.bytes.size()));
  parquet::arrow::SchemaManifest manifest;
  const auto notes = ArrowSchemaMatters(footer.arrow_schema) ? metadata->key_value_metadata() : nullptr;
  ARROW_RETURN_NOT_OK(parquet::arrow::SchemaManifest::Make(metadata->schema(), notes,
                                                           parquet::ArrowReaderProperties(), &manifest));
  auto shape = std::make_unique<FileShape>();
  if (!ShapeMaker(*metadata->schema(), shape.get()).AddColumns(manifest.schema_fields, table)) {
    return Status::OK();
  }
  arrow::FieldVector fields;
  for (const SchemaField& field : manifest.schema_fields) fields.push_back(field.field);
  shape->schema = arrow::schema(std::move(fields));
  *made = std::move(shape);
  return Status::OK();
  END_PARQUET_CATCH_EXCEPTIONS
}

}  // namespace

void ShapeKeyOf(const SmallFileFooter& footer, std::string* key) {
  key->assign(footer.schema);
  if (ArrowSchemaMatters(footer.arrow_schema)) key->append(footer.arrow_schema);
}

std::unique_ptr<const FileShape> MakeShape(const SmallFileFooter& footer,
                                           const std::vector<LeafNode>& table) {
  std::unique_ptr<const FileShape> shape;
  // What is wrong with it is said by the reader that tries again.
  return Make(footer, table, &shape).ok() ? std::move(shape) : nullptr;
}

}  // namespace earthcatalog::geoparquet
