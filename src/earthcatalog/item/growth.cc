#include "earthcatalog/item/growth.h"

#include <algorithm>
#include <string>
#include <utility>

#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::item {
namespace {

// The column of an Item member: `assets` and `links` have what was seen in them, the others are what they
// are.
std::shared_ptr<arrow::DataType> MemberType(const std::string& name, const Shape& shape) {
  if (name == "assets") return shape.InferredType();
  auto initial = InitialSchema()->GetFieldByName(name)->type();
  const auto seen = name == "links" ? shape.InferredType() : nullptr;
  return seen == nullptr ? initial : CommonType(initial, seen);
}

arrow::FieldVector ColumnsFor(const Shape& item) {
  arrow::FieldVector fields;
  for (const auto& [name, shape] : item.members()) {
    if (name == "properties" || !IsItemMember(name)) continue;
    if (auto type = MemberType(name, shape)) fields.push_back(arrow::field(name, std::move(type)));
  }
  const auto properties = item.members().find("properties");
  if (properties == item.members().end()) return fields;
  for (const auto& [name, shape] : properties->second.members()) {
    if (!MayBeColumn(name)) continue;
    if (auto type = shape.PropertyType(name)) fields.push_back(arrow::field(name, std::move(type)));
  }
  return fields;
}

// Whether any of it may have a column, in some schema.
bool MayHaveColumns(const Shape& item) {
  return std::ranges::any_of(item.members(), [](const auto& member) {
    const auto& [name, shape] = member;
    if (name != "properties") return IsItemMember(name);
    return std::ranges::any_of(shape.members(),
                               [](const auto& property) { return MayBeColumn(property.first); });
  });
}

}  // namespace

void Growth::Add(std::string_view overflow, bool has_new) {
  overflowed_ = true;
  if (!has_new) return;
  has_new_ = true;
  JsonReader reader(overflow);
  shape_.Add(&reader);
}

Result<Growth::Found> Growth::Finish(const std::shared_ptr<arrow::Schema>& schema) {
  const bool needs_overflow =
      std::exchange(overflowed_, false) && schema->GetFieldIndex(std::string(kOverflow)) < 0;
  const bool needs_style = std::exchange(needs_style_, false);
  if (!std::exchange(has_new_, false) && !needs_overflow && !needs_style) return Found{};
  const Shape shape = std::exchange(shape_, Shape());
  arrow::FieldVector fields = ColumnsFor(shape);
  if (needs_style) fields.push_back(arrow::field(std::string(kStyle), arrow::utf8()));
  Found found{
      .additions = nullptr, .typed = !fields.empty(), .unplaced = needs_style || MayHaveColumns(shape)};
  if (needs_overflow) {
    fields.push_back(arrow::field(std::string(kOverflow), arrow::utf8()));
  }
  std::sort(fields.begin(), fields.end(), [](const auto& a, const auto& b) { return a->name() < b->name(); });
  auto additions = arrow::schema(std::move(fields));
  ARROW_ASSIGN_OR_RAISE(const auto grown, Evolve(schema, additions));
  if (!grown->Equals(*schema)) found.additions = std::move(additions);
  return found;
}

}  // namespace earthcatalog::item
