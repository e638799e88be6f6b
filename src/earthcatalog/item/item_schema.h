// The columns of the items table, and how they grow.
//
// A column set is an Arrow schema in the stac-geoparquet layout: id, type, stac_version, stac_extensions,
// collection, geometry (WKB), bbox (struct), links, assets, one column for each property, `_style` (how
// the item writes what its columns hold, style.h; once an item needs it), `_overflow` (JSON text of whatever
// has no column), `_ingested` once the table has been compacted, and last `grid_partition`, which the fan-out
// fills in.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog::item {

inline constexpr std::string_view kGridPartition = "grid_partition";
inline constexpr std::string_view kOverflow = "_overflow";
inline constexpr std::string_view kStyle = "_style";
// When the row was ingested, once it has been put into another file (rows/identity.h).
inline constexpr std::string_view kIngested = "_ingested";

// A schema grows to this many leaves (values that are neither struct nor list) and no further, of which at
// most kMaxAssetLeaves lie under `assets`: names of assets are sometimes as many as there are items.
inline constexpr int kMaxLeaves = 1000;
inline constexpr int kMaxAssetLeaves = 600;
// Values nested deeper than this stay in overflow.
inline constexpr int kMaxNesting = 16;

// The columns every table starts with: the fixed members, common datetime properties, and `platform`, by
// which rows are sorted and people ask. (`assets` is not among them: a struct needs fields, and the first
// items bring those.)
std::shared_ptr<arrow::Schema> InitialSchema();

// The column type declared for a well-known property (STAC common metadata and extensions), or null.
std::shared_ptr<arrow::DataType> DeclaredType(std::string_view property);

// The type declared for a number of this name inside a struct (an asset's `gsd` or `file:size`, a band's
// `center_wavelength`), or null. Text needs no declaration there: stac-geoparquet knows timestamps in
// top-level columns only.
std::shared_ptr<arrow::DataType> DeclaredNestedType(std::string_view member);

// Whether `name` is one of the members that STAC gives a meaning at an item's top level.
bool IsItemMember(std::string_view name);

// Whether a column of this name is this project's own and no part of an item: `_style`, `_overflow`,
// `_ingested`, `grid_partition`.
bool IsOwnColumn(std::string_view name);

// Of those the ones that tell of a row, not of what its item holds: `_ingested`, `grid_partition`. An item is
// encoded and exported without them.
bool IsRowColumn(std::string_view name);

// Whether a property may have a column at all. Not those named, in any case, like an Item member, like a
// partition field (`year`), or like a column that is not the item's own (IsOwnColumn, Iceberg's metadata
// columns); nor `proj:geometry`, which readers of stac-geoparquet expect as WKB, and not
// null in any row.
bool MayBeColumn(std::string_view property);

// The smallest type that holds the values of both: int32 and int64 widen, integers and floats meet in double,
// structs unite their fields, sorted by name; lists meet in their elements. arrow::null() when there is none
// (then the value goes to overflow), also inside structs and lists; it absorbs every other type. So the
// function is commutative and associative, and a merge of many does not depend on their order.
std::shared_ptr<arrow::DataType> CommonType(const std::shared_ptr<arrow::DataType>& a,
                                            const std::shared_ptr<arrow::DataType>& b);

// `current` grown by `additions` (fields missing in it, at any depth inside structs and lists): existing
// columns keep their place, order and (but for int32 -> int64, float -> double) type; new ones come before
// `_style` and `_overflow`, sorted by name. Names that may never be columns are left out: those of
// MayBeColumn, empty or overlong ones, and those whose dotted path, ignoring case, is taken (`a.b` beside a
// struct `a{b}`). So are types of arrow::null() and what exceeds the limits above; a new list has room for
// all of it or none. Equal to `current` if nothing changes. An older table gets the columns it lacks by
// Evolve(table, *InitialSchema()). (additions.h has the same for values.)
Result<std::shared_ptr<arrow::Schema>> Evolve(const std::shared_ptr<arrow::Schema>& current,
                                              const std::shared_ptr<arrow::Schema>& additions);

}  // namespace earthcatalog::item
