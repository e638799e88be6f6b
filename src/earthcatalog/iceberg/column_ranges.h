// What is known of the columns that searches look at, over the rows of a file or of a part of one.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "earthcatalog/iceberg/data_file.h"

namespace earthcatalog::iceberg {

// The columns, and where they lie below bbox.
enum class RangeColumn { kId, kDatetime, kStart, kEnd, kXmin, kYmin, kXmax, kYmax };

// By the column's path: "id", "bbox.xmin". Nothing for others.
std::optional<RangeColumn> FindRangeColumn(std::string_view top_level, std::string_view path);

// Each range contains all values of its rows, and begins as one that knows nothing. NaN is in none.
template <typename Value>
struct ValueRange {
  Value lower, upper;
  bool has_value = true;  // false: all are null
  bool has_null = true;   // false: none is
};

struct NumberRange : ValueRange<double> {
  NumberRange()
      : ValueRange{-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()} {}
};

struct TimeRange : ValueRange<int64_t> {  // microseconds since 1970
  TimeRange() : ValueRange{std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()} {}
};

// A text that begins with `upper` may be in it: some writers cut that bound without rounding it up.
struct TextRange : ValueRange<std::string> {
  bool bounded = false;  // above
};

struct ColumnRanges {
  TextRange id;
  TimeRange datetime, start, end;
  struct {
    NumberRange xmin, ymin, xmax, ymax;
    bool trusted = false;  // it contains the footprint of each row
  } bbox;

  // `bytes`: single-value serialization, which is Parquet's plain encoding too. What has another length than
  // a value of the column, or is NaN, says nothing.
  void SetLower(RangeColumn column, std::string_view bytes);
  void SetUpper(RangeColumn column, std::string_view bytes);
  void SetNulls(RangeColumn column, bool has_value, bool has_null);
};

// The columns by the ids that they have in a table.
class RangeColumnIds {
 public:
  // A column of another type than ours is none of them.
  explicit RangeColumnIds(const arrow::Schema& schema);

  std::optional<RangeColumn> Find(int field_id) const;

 private:
  std::vector<std::pair<int, RangeColumn>> ids_;
};

}  // namespace earthcatalog::iceberg
