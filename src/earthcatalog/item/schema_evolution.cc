#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "earthcatalog/item/additions.h"
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

int CountLeaves(const arrow::DataType& type) {
  int leaves = type.num_fields() == 0 ? 1 : 0;
  for (const auto& field : type.fields()) leaves += CountLeaves(*field->type());
  return leaves;
}

// The fields that come after the first `kept` are new: sorted by name.
void SortNew(FieldVector* fields, size_t kept) {
  std::sort(fields->begin() + static_cast<std::ptrdiff_t>(kept), fields->end(), ByName);
}

// The values that made somebody wish for a field of `name`; null where that is not known.
const Shape* MemberOf(const Shape* values, const std::string& name) {
  return values == nullptr ? nullptr : values->member(name);
}
const Shape* ElementsOf(const Shape* values) { return values == nullptr ? nullptr : values->elements(); }

// Where there is room for a part only, an asset or link needs its href before all else.
auto Rank(const std::string& name, const Shape* values) {
  const uint64_t others = values == nullptr ? 0 : UINT64_MAX - values->uses();
  return std::tuple(name != "href", others, name);
}

// Grows one schema. Keeps every dotted path in use, case folded, as Iceberg indexes them.
class Grower {
 public:
  using ValuesOf = std::function<const Shape*(const std::string& column)>;

  explicit Grower(const arrow::Schema& current) {
    for (const auto& field : current.fields()) {
      BeginColumn(field->name());
      Register(FoldCase(field->name()), *field->type());
    }
    left_out_ = 0;  // of a table that has more than we give it
  }

  // The columns of `fields` with what `additions` has for them, and the new columns after them.
  std::pair<FieldVector, FieldVector> GrowColumns(FieldVector fields, FieldVector additions,
                                                  const ValuesOf& values_of) {
    // Assets last: they may be many, and must not crowd out the properties. Declared names first: one item's
    // `Platform` must not take the place of `platform`.
    const auto rank = [&](const FieldPtr& field) {
      const std::string& name = field->name();
      return std::tuple(name == kAssets, DeclaredType(name) == nullptr, Rank(name, values_of(name)));
    };
    std::stable_sort(additions.begin(), additions.end(),
                     [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
    FieldVector added;
    for (const auto& addition : additions) {
      const std::string& name = addition->name();
      BeginColumn(name);
      const auto existing = std::find_if(fields.begin(), fields.end(),
                                         [&](const auto& field) { return SameName(field, addition); });
      if (existing != fields.end()) {
        if (IsClosed(name)) continue;
        *existing = (*existing)->WithType(
            GrowType(FoldCase(name), (*existing)->type(), addition->type(), 1, values_of(name)));
      } else if (IsFixedColumn(name) || MayBeColumn(name)) {
        if (auto field = NewField("", *addition, 1, values_of(name))) added.push_back(std::move(field));
      }
    }
    std::sort(added.begin(), added.end(), ByName);
    return {std::move(fields), std::move(added)};
  }

  // Leaves for which there was no room.
  uint64_t left_out() const { return left_out_; }
  // The order of additions decided on what was left out.
  bool by_order() const { return left_out_ > 0 || name_taken_; }

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

  TypePtr GrowType(const std::string& path, const TypePtr& current, const TypePtr& addition, int nesting,
                   const Shape* values) {
    const auto from = current->id(), to = addition->id();
    if (from == arrow::Type::STRUCT && to == from) {
      if (path == kAssets) return GrowAssets(current->fields(), *addition, values);
      return GrowStruct(path, current->fields(), *addition, nesting, values);
    }
    if (from == arrow::Type::LIST && to == arrow::Type::LIST) {
      const auto& element = current->field(0);
      return arrow::list(element->WithType(GrowType(
          path + ".element", element->type(), addition->field(0)->type(), nesting + 1, ElementsOf(values))));
    }
    const bool widens = (from == arrow::Type::INT32 && to == arrow::Type::INT64) ||
                        (from == arrow::Type::FLOAT && to == arrow::Type::DOUBLE);
    return widens ? addition : current;
  }

  TypePtr GrowStruct(const std::string& path, FieldVector fields, const arrow::DataType& addition,
                     int nesting, const Shape* values) {
    const size_t kept = fields.size();
    FieldVector members = addition.fields();
    std::sort(members.begin(), members.end(), [&](const auto& a, const auto& b) {
      return Rank(a->name(), MemberOf(values, a->name())) < Rank(b->name(), MemberOf(values, b->name()));
    });
    for (const auto& member : members) GrowMember(path, &fields, *member, nesting, values);
    SortNew(&fields, kept);
    return arrow::struct_(std::move(fields));
  }

  // The member grows, or is added at the end if there is room.
  void GrowMember(const std::string& path, FieldVector* fields, const arrow::Field& member, int nesting,
                  const Shape* values) {
    const Shape* const seen = MemberOf(values, member.name());
    const auto existing = std::find_if(fields->begin(), fields->end(),
                                       [&](const auto& field) { return field->name() == member.name(); });
    if (existing != fields->end()) {
      *existing = (*existing)->WithType(GrowType(path + "." + FoldCase(member.name()), (*existing)->type(),
                                                 member.type(), nesting + 1, seen));
    } else if (auto field = NewField(path + ".", member, nesting + 1, seen)) {
      fields->push_back(std::move(field));
    }
  }

  // Member by member, of whichever asset, so that where there is no room for all it is for those that most
  // items use.
  TypePtr GrowAssets(FieldVector assets, const arrow::DataType& addition, const Shape* values) {
    const size_t kept = assets.size();
    std::map<std::string, size_t> kept_members;
    for (const auto& asset : assets) {
      kept_members[asset->name()] = static_cast<size_t>(asset->type()->num_fields());
    }
    for (const auto& part : PartsOf(addition, values)) {
      GrowMember(std::string(kAssets), &assets, *part, 1, values);
    }
    for (auto& asset : assets) {
      if (asset->type()->id() != arrow::Type::STRUCT) continue;
      FieldVector members = asset->type()->fields();
      SortNew(&members, kept_members[asset->name()]);
      asset = asset->WithType(arrow::struct_(std::move(members)));
    }
    SortNew(&assets, kept);
    return arrow::struct_(std::move(assets));
  }

  // The assets with one member each, in the order in which they get their places.
  static FieldVector PartsOf(const arrow::DataType& assets, const Shape* values) {
    using Place = std::tuple<decltype(Rank("", nullptr)), std::string>;
    std::map<Place, FieldPtr> parts;
    for (const auto& asset : assets.fields()) {
      const std::string& name = asset->name();
      const Shape* const seen = MemberOf(values, name);
      if (asset->type()->id() != arrow::Type::STRUCT) parts[{Rank(name, seen), ""}] = asset;
      for (const auto& member : asset->type()->fields()) {
        if (asset->type()->id() != arrow::Type::STRUCT) break;
        auto rank = Rank(member->name(), MemberOf(seen, member->name()));
        std::get<2>(rank) = name;
        parts[{std::move(rank), member->name()}] = asset->WithType(arrow::struct_({member}));
      }
    }
    FieldVector ordered;
    for (auto& [place, part] : parts) ordered.push_back(std::move(part));
    return ordered;
  }

  // Null when the field, or all that is in it, has to be left out.
  FieldPtr NewField(const std::string& prefix, const arrow::Field& addition, int nesting,
                    const Shape* values) {
    if (!IsUsableName(addition.name()) || IsForeignGeometry(addition.name())) return nullptr;
    std::string path = prefix + FoldCase(addition.name());
    if (IsTaken(path)) return nullptr;
    const TypePtr type = NewType(path, addition.type(), nesting, values);
    if (type == nullptr) return nullptr;
    paths_.insert(std::move(path));
    return arrow::field(addition.name(), type);
  }

  TypePtr NewType(const std::string& path, const TypePtr& type, int nesting, const Shape* values) {
    if (nesting > kMaxNesting || type->id() == arrow::Type::NA) return nullptr;
    if (type->id() == arrow::Type::STRUCT) {
      auto grown =
          path == kAssets ? GrowAssets({}, *type, values) : GrowStruct(path, {}, *type, nesting, values);
      return grown->num_fields() == 0 ? nullptr : grown;
    }
    if (type->id() != arrow::Type::LIST) return CountLeaf() ? type : nullptr;
    std::string element_path = path + ".element";
    if (IsTaken(element_path)) return nullptr;
    if (const int leaves = CountLeaves(*type); leaves > Room()) {  // a list is in its column as a whole
      left_out_ += static_cast<uint64_t>(leaves);
      return nullptr;
    }
    TypePtr element = NewType(element_path, type->field(0)->type(), nesting + 1, ElementsOf(values));
    if (element == nullptr) return nullptr;
    paths_.insert(std::move(element_path));
    return ListOf(std::move(element));
  }

  bool IsTaken(const std::string& path) {
    const bool taken = paths_.contains(path);
    name_taken_ = name_taken_ || taken;
    return taken;
  }

  int Room() const {
    const int room = kMaxLeaves - leaves_;
    return in_assets_ ? std::min(room, kMaxAssetLeaves - asset_leaves_) : room;
  }

  // Whether there is room for one more, which is then taken.
  bool CountLeaf() {
    if (Room() <= 0) {
      ++left_out_;
      return false;
    }
    ++leaves_;
    if (in_assets_) ++asset_leaves_;
    return true;
  }

  std::set<std::string> paths_;
  bool in_assets_ = false;
  int leaves_ = 0;
  int asset_leaves_ = 0;
  uint64_t left_out_ = 0;
  bool name_taken_ = false;
};

// Where new columns go: before `_style` and `_overflow`, in a table without them before `grid_partition` at
// the end.
FieldVector::iterator EndOfItemColumns(FieldVector* fields) {
  const auto own = std::find_if(fields->begin(), fields->end(), [](const auto& field) {
    return field->name() == kStyle || field->name() == kOverflow || field->name() == kIngested;
  });
  if (own != fields->end()) return own;
  const bool ends_in_grid = !fields->empty() && fields->back()->name() == kGridPartition;
  return ends_in_grid ? fields->end() - 1 : fields->end();
}

// The project's own columns follow the items' in this order.
int PlaceAmongAdded(std::string_view name) {
  return name == kStyle ? 1 : name == kOverflow ? 2 : name == kIngested ? 3 : name == kGridPartition ? 4 : 0;
}

Grown Evolve(const std::shared_ptr<arrow::Schema>& current, const arrow::Schema& additions,
             const Grower::ValuesOf& values_of) {
  Grower grower(*current);
  auto [fields, added] = grower.GrowColumns(current->fields(), additions.fields(), values_of);
  std::stable_sort(added.begin(), added.end(), [](const auto& a, const auto& b) {
    return PlaceAmongAdded(a->name()) < PlaceAmongAdded(b->name());
  });
  fields.insert(EndOfItemColumns(&fields), added.begin(), added.end());
  auto grown = arrow::schema(std::move(fields), current->metadata());
  if (grown->Equals(*current, /*check_metadata=*/true)) grown = current;
  return {.schema = std::move(grown), .left_out = grower.left_out(), .by_use = grower.by_order()};
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> Evolve(const std::shared_ptr<arrow::Schema>& current,
                                              const std::shared_ptr<arrow::Schema>& additions) {
  return Evolve(current, *additions, [](const std::string&) { return nullptr; }).schema;
}

Result<Grown> Evolve(const std::shared_ptr<arrow::Schema>& current, const Additions& additions) {
  const Additions::Columns columns = additions.ColumnsFor(*current);
  Grown grown =
      Evolve(current, *columns.schema, [&](const std::string& column) { return additions.ValuesOf(column); });
  grown.by_use = grown.by_use || columns.by_use;
  return grown;
}

}  // namespace earthcatalog::item
