#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/schema_parts.h"

namespace earthcatalog::item {
namespace {

using arrow::FieldVector;
using FieldPtr = std::shared_ptr<arrow::Field>;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr size_t kMaxNameBytes = 255;
constexpr std::string_view kAssets = "assets";

bool IsUsableName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  return std::none_of(name.begin(), name.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

bool SameName(const FieldPtr& a, const FieldPtr& b) { return a->name() == b->name(); }
bool ByName(const FieldPtr& a, const FieldPtr& b) { return a->name() < b->name(); }

// A table column that is not an item's own property: a fixed member, or one that this project adds.
bool IsFixedColumn(std::string_view name) {
  return (IsItemMember(name) && name != "properties") || IsOwnColumn(name);
}

// A member of an item whose column is as it is, whatever items have there.
bool IsClosed(std::string_view name) { return IsItemMember(name) && name != kAssets && name != "links"; }

// Grows one schema. Keeps every dotted path in use, case folded, as Iceberg indexes them.
class Grower {
 public:
  explicit Grower(const arrow::Schema& current) {
    for (const auto& field : current.fields()) {
      BeginColumn(field->name());
      Register(FoldCase(field->name()), *field->type());
    }
  }

  // The columns of `fields` with what `additions` has for them, and the new columns after them.
  std::pair<FieldVector, FieldVector> GrowColumns(FieldVector fields, FieldVector additions) {
    // Assets last: they may be many, and must not crowd out the properties. Declared names first: one item's
    // `Platform` must not take the place of `platform`.
    const auto rank = [](const FieldPtr& field) {
      return std::tuple(field->name() == kAssets, DeclaredType(field->name()) == nullptr, field->name());
    };
    std::stable_sort(additions.begin(), additions.end(),
                     [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    FieldVector added;
    for (const auto& addition : additions) {
      BeginColumn(addition->name());
      const auto existing = std::find_if(fields.begin(), fields.end(),
                                         [&](const auto& field) { return SameName(field, addition); });
      if (existing != fields.end()) {
        if (IsClosed(addition->name())) continue;
        *existing = (*existing)->WithType(
            GrowType(FoldCase(addition->name()), (*existing)->type(), addition->type(), 1));
      } else if (IsFixedColumn(addition->name()) || MayBeColumn(addition->name())) {
        if (auto field = NewField("", *addition, 1)) added.push_back(std::move(field));
      }
    }
    std::sort(added.begin(), added.end(), ByName);
    return {std::move(fields), std::move(added)};
  }

 private:
  void BeginColumn(std::string_view name) { in_assets_ = name == kAssets; }

  void Register(std::string path, const arrow::DataType& type) {
    if (type.id() == arrow::Type::STRUCT) {
      for (const auto& field : type.fields()) Register(path + "." + FoldCase(field->name()), *field->type());
    } else if (type.id() == arrow::Type::LIST) {
      Register(path + ".element", *type.field(0)->type());
    } else {
      CountLeaf();
    }
    paths_.insert(std::move(path));
  }

  TypePtr GrowType(const std::string& path, const TypePtr& current, const TypePtr& addition, int nesting) {
    const auto from = current->id(), to = addition->id();
    if (from == arrow::Type::STRUCT && to == from) return GrowStruct(path, *current, *addition, nesting);
    if (from == arrow::Type::LIST && to == arrow::Type::LIST) {
      const auto& element = current->field(0);
      return arrow::list(element->WithType(
          GrowType(path + ".element", element->type(), addition->field(0)->type(), nesting + 1)));
    }
    const bool widens = (from == arrow::Type::INT32 && to == arrow::Type::INT64) ||
                        (from == arrow::Type::FLOAT && to == arrow::Type::DOUBLE);
    return widens ? addition : current;
  }

  TypePtr GrowStruct(const std::string& path, const arrow::DataType& current, const arrow::DataType& addition,
                     int nesting) {
    FieldVector fields = current.fields();
    FieldVector added;
    for (const auto& member : addition.fields()) {
      const auto existing = std::find_if(fields.begin(), fields.end(),
                                         [&](const auto& field) { return SameName(field, member); });
      if (existing != fields.end()) {
        const std::string member_path = path + "." + FoldCase(member->name());
        *existing =
            (*existing)->WithType(GrowType(member_path, (*existing)->type(), member->type(), nesting + 1));
      } else {
        added.push_back(member);
      }
    }
    std::sort(added.begin(), added.end(), ByName);
    for (const auto& member : added) {
      if (auto field = NewField(path + ".", *member, nesting + 1)) fields.push_back(std::move(field));
    }
    return arrow::struct_(std::move(fields));
  }

  // Null when the field, or all that is in it, has to be left out.
  FieldPtr NewField(const std::string& prefix, const arrow::Field& addition, int nesting) {
    if (!IsUsableName(addition.name()) || FoldCase(addition.name()) == "proj:geometry") return nullptr;
    std::string path = prefix + FoldCase(addition.name());
    if (paths_.contains(path)) return nullptr;
    const TypePtr type = NewType(path, addition.type(), nesting);
    if (type == nullptr) return nullptr;
    paths_.insert(std::move(path));
    return arrow::field(addition.name(), type);
  }

  TypePtr NewType(const std::string& path, const TypePtr& type, int nesting) {
    if (nesting > kMaxNesting || type->id() == arrow::Type::NA) return nullptr;
    if (type->id() == arrow::Type::STRUCT) return NewStruct(path, *type, nesting);
    if (type->id() == arrow::Type::LIST) {
      std::string element_path = path + ".element";
      if (paths_.contains(element_path)) return nullptr;
      TypePtr element = NewType(element_path, type->field(0)->type(), nesting + 1);
      if (element == nullptr) return nullptr;
      paths_.insert(std::move(element_path));
      return ListOf(std::move(element));
    }
    return CountLeaf() ? type : nullptr;
  }

  TypePtr NewStruct(const std::string& path, const arrow::DataType& type, int nesting) {
    FieldVector members = type.fields();
    // Where there is room for a part only, an asset or link needs its href before all else.
    std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
      return std::pair(a->name() != "href", a->name()) < std::pair(b->name() != "href", b->name());
    });
    FieldVector fields;
    for (const auto& member : members) {
      if (auto field = NewField(path + ".", *member, nesting + 1)) fields.push_back(std::move(field));
    }
    std::sort(fields.begin(), fields.end(), ByName);
    return fields.empty() ? nullptr : arrow::struct_(std::move(fields));
  }

  // Whether there is room for one more.
  bool CountLeaf() {
    if (leaves_ >= kMaxLeaves || (in_assets_ && asset_leaves_ >= kMaxAssetLeaves)) return false;
    ++leaves_;
    if (in_assets_) ++asset_leaves_;
    return true;
  }

  std::set<std::string> paths_;
  bool in_assets_ = false;
  int leaves_ = 0;
  int asset_leaves_ = 0;
};

// Where new columns go: before `_style` and `_overflow`, in a table without them before `grid_partition` at
// the end.
FieldVector::iterator EndOfItemColumns(FieldVector* fields) {
  const auto own = std::find_if(fields->begin(), fields->end(), [](const auto& field) {
    return field->name() == kStyle || field->name() == kOverflow;
  });
  if (own != fields->end()) return own;
  const bool ends_in_grid = !fields->empty() && fields->back()->name() == kGridPartition;
  return ends_in_grid ? fields->end() - 1 : fields->end();
}

// The project's own columns follow the items' in this order.
int PlaceAmongAdded(std::string_view name) {
  return name == kStyle ? 1 : name == kOverflow ? 2 : name == kGridPartition ? 3 : 0;
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> Evolve(const std::shared_ptr<arrow::Schema>& current,
                                              const std::shared_ptr<arrow::Schema>& additions) {
  Grower grower(*current);
  auto [fields, added] = grower.GrowColumns(current->fields(), additions->fields());
  std::stable_sort(added.begin(), added.end(), [](const auto& a, const auto& b) {
    return PlaceAmongAdded(a->name()) < PlaceAmongAdded(b->name());
  });
  fields.insert(EndOfItemColumns(&fields), added.begin(), added.end());
  auto grown = arrow::schema(std::move(fields), current->metadata());
  return grown->Equals(*current, /*check_metadata=*/true) ? current : grown;
}

}  // namespace earthcatalog::item
