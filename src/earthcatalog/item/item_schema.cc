#include "earthcatalog/item/item_schema.h"

#include <algorithm>
#include <array>

#include "earthcatalog/item/schema_parts.h"

namespace earthcatalog::item {
namespace {

constexpr std::array<std::string_view, 10> kItemMembers = {
    "assets", "bbox",       "collection",      "geometry",     "id",
    "links",  "properties", "stac_extensions", "stac_version", "type"};

constexpr std::array<std::string_view, 4> kOwnColumns = {kStyle, kOverflow, kIngested, kGridPartition};

// A partition field of the table (a column of this name is refused by PyIceberg and Java), and the columns
// that Iceberg and its engines add when they read.
constexpr std::array<std::string_view, 9> kReserved = {
    "year",         "_file",      "_pos",    "_deleted",
    "_spec_id",     "_partition", "_row_id", "_last_updated_sequence_number",
    "proj:geometry"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string FoldCase(std::string_view name) {
  std::string folded(name);
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return folded;
}

bool IsForeignGeometry(std::string_view name) { return FoldCase(name) == "proj:geometry"; }

std::shared_ptr<arrow::DataType> ListOf(std::shared_ptr<arrow::DataType> element) {
  return arrow::list(arrow::field("element", std::move(element)));
}

bool IsItemMember(std::string_view name) { return Contains(kItemMembers, name); }

bool IsOwnColumn(std::string_view name) { return Contains(kOwnColumns, name); }

bool IsRowColumn(std::string_view name) { return name == kIngested || name == kGridPartition; }

bool MayBeColumn(std::string_view property) {
  const std::string folded = FoldCase(property);
  return !Contains(kItemMembers, folded) && !Contains(kReserved, folded) && !IsOwnColumn(folded);
}

std::shared_ptr<arrow::Schema> InitialSchema() {
  const auto text = arrow::utf8();
  const auto number = arrow::float64();
  const auto bbox = arrow::struct_({arrow::field("xmin", number), arrow::field("ymin", number),
                                    arrow::field("xmax", number), arrow::field("ymax", number)});
  const auto link = arrow::struct_({arrow::field("href", text), arrow::field("rel", text),
                                    arrow::field("title", text), arrow::field("type", text)});
  return arrow::schema({
      arrow::field("id", text),
      arrow::field("type", text),
      arrow::field("stac_version", text),
      arrow::field("stac_extensions", ListOf(text)),
      arrow::field("collection", text),
      arrow::field("geometry", arrow::binary()),
      arrow::field("bbox", bbox),
      arrow::field("links", ListOf(link)),
      arrow::field("datetime", DeclaredType("datetime")),
      arrow::field("start_datetime", DeclaredType("start_datetime")),
      arrow::field("end_datetime", DeclaredType("end_datetime")),
      arrow::field("created", DeclaredType("created")),
      arrow::field("updated", DeclaredType("updated")),
      arrow::field("platform", DeclaredType("platform")),
      arrow::field(std::string(kOverflow), text),
      arrow::field(std::string(kGridPartition), text),
  });
}

}  // namespace earthcatalog::item
