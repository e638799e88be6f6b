// What the formats have in common: a row as it stands in the inventory, before any rule looks at it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::inventory {

enum class Column { kBucket, kKey, kSize, kLastModified, kIsLatest, kIsDeleteMarker };
inline constexpr size_t kColumns = 6;

// The column a name means, without regard to case, `_`, `-` and spaces: last_modified_date, LastModifiedDate.
std::optional<Column> ColumnNamed(std::string_view name);
std::string_view NameOf(Column column);

// Where each column is among the names; -1 where it is not.
class ColumnPlaces {
 public:
  // Errors, without the inventory's name: no bucket, no key, a column twice.
  static Result<ColumnPlaces> Find(const std::vector<std::string>& names);
  // The first two columns.
  static ColumnPlaces BucketThenKey();

  int operator[](Column column) const { return places_[static_cast<size_t>(column)]; }

 private:
  ColumnPlaces() { places_.fill(-1); }
  std::array<int, kColumns> places_;
};

// A field: nothing, a text still to be read, or a number (bytes, microseconds UTC, 0 or 1).
struct Value {
  enum class Kind { kAbsent, kText, kNumber };
  Kind kind = Kind::kAbsent;
  std::string_view text;
  int64_t number = 0;

  static Value Text(std::string_view text) { return {Kind::kText, text, 0}; }
  static Value Number(int64_t number) { return {Kind::kNumber, {}, number}; }
};

// Its texts live until the source moves on.
struct RawRow {
  std::string_view file;  // the data file that it is in; empty when there is no other than the inventory
  int64_t position = 0;   // in the file, from 1; 0 before its first row
  std::string problem;    // not empty: the row is malformed and has no fields
  std::string_view bucket;
  std::string_view key;
  Value size, last_modified, is_latest, is_delete_marker;
};

class RowSource {
 public:
  virtual ~RowSource() = default;
  // The next row; false at the end. After an error `row` says where the reading stopped; the reader calls
  // nothing more.
  virtual Result<bool> Next(RawRow* row) = 0;
};

}  // namespace earthcatalog::inventory
