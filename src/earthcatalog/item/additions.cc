#include "earthcatalog/item/additions.h"

#include <algorithm>
#include <string>
#include <utility>

#include "earthcatalog/item/column_type.h"
#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::item {
namespace {

// The column of an Item member: `assets` and `links` have what was seen in them, the others are what they
// are.
std::shared_ptr<arrow::DataType> MemberType(const std::string& name, const Shape& values,
                                            const arrow::DataType* column, ColumnTypes* types) {
  if (name == "assets") return types->OfValues(values, column);
  const auto seen = name == "links" ? types->OfValues(values, column) : nullptr;
  auto initial = InitialSchema()->GetFieldByName(name)->type();
  if (seen != nullptr) return CommonType(initial, seen);
  return column == nullptr ? initial : nullptr;
}

const arrow::DataType* ColumnOf(const arrow::Schema& schema, const std::string& name) {
  const auto field = schema.GetFieldByName(name);
  return field == nullptr ? nullptr : field->type().get();
}

// Of a member that is not the properties. What of a bbox is in the overflow beside its column stays there in
// every schema.
bool MayHaveColumn(const std::string& name, const arrow::Schema& current) {
  if (name == "bbox" && current.GetFieldIndex(name) >= 0) return false;
  return IsItemMember(name);
}

}  // namespace

void Additions::Add(std::string_view overflow) {
  JsonReader reader(overflow);
  items_.Add(&reader);
}

void Additions::Merge(const Additions& other) {
  items_.Merge(other.items_);
  overflow_column_ = overflow_column_ || other.overflow_column_;
  style_column_ = style_column_ || other.style_column_;
}

bool Additions::MayHaveColumns(const arrow::Schema& current) const {
  if (style_column_) return true;
  return std::ranges::any_of(items_.members(), [&current](const auto& member) {
    const auto& [name, values] = member;
    if (name != "properties") return MayHaveColumn(name, current);
    return std::ranges::any_of(values.members(),
                               [](const auto& property) { return MayBeColumn(property.first); });
  });
}

Additions::Columns Additions::ColumnsFor(const arrow::Schema& current) const {
  ColumnTypes types;
  arrow::FieldVector fields;
  const auto add = [&](const std::string& name, std::shared_ptr<arrow::DataType> type) {
    if (type != nullptr) fields.push_back(arrow::field(name, std::move(type)));
  };
  for (const auto& [name, values] : items_.members()) {
    if (name == "properties" || !MayHaveColumn(name, current)) continue;
    add(name, MemberType(name, values, ColumnOf(current, name), &types));
  }
  if (const Shape* const properties = items_.member("properties")) {
    for (const auto& [name, values] : properties->members()) {
      if (MayBeColumn(name)) add(name, types.OfProperty(name, values, ColumnOf(current, name)));
    }
  }
  if (style_column_) add(std::string(kStyle), arrow::utf8());
  if (overflow_column_) add(std::string(kOverflow), arrow::utf8());
  std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a->name() < b->name(); });
  return {arrow::schema(std::move(fields)), types.by_use()};
}

const Shape* Additions::ValuesOf(std::string_view column) const {
  if (IsItemMember(column)) return items_.member(column);
  const Shape* const properties = items_.member("properties");
  return properties == nullptr ? nullptr : properties->member(column);
}

}  // namespace earthcatalog::item
