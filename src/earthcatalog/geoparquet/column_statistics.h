// Null counts and bounds of one leaf column, gathered while its entries pass by.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/geoparquet/leaf_columns.h"
#include "earthcatalog/geoparquet/leaf_walker.h"

namespace earthcatalog::geoparquet {

class ColumnStatistics {
 public:
  // `leaf` outlives this object; so do the arrays given to Add(), until Clear() or KeepTexts().
  explicit ColumnStatistics(const LeafColumn* leaf) : leaf_(leaf) {}

  void Add(const LeafEntries& entries);
  // Copies the texts that it refers to.
  void KeepTexts();
  void Clear();

  // Values that are in no array, by the kind of the leaf's type; texts are copied.
  void AddNulls(int64_t count) { null_count_ += count; }
  void AddInteger(int64_t value);
  void AddReal(double value);
  void AddText(std::string_view value);

  bool bounded() const { return leaf_->bounded; }
  int64_t null_count() const { return null_count_; }
  int64_t nan_count() const { return nan_count_; }

  // In Parquet's plain encoding, exact. Nothing when the leaf is not bounded or has no value to compare.
  std::optional<std::string> Minimum() const;
  std::optional<std::string> Maximum() const;

 private:
  bool is_text() const { return leaf_->type->id() == arrow::Type::STRING; }

  const LeafColumn* leaf_;
  int64_t null_count_ = 0;
  int64_t nan_count_ = 0;
  bool has_bounds_ = false;
  // Only the pair of the leaf's kind is used.
  int64_t min_integer_ = 0, max_integer_ = 0;
  double min_real_ = 0, max_real_ = 0;
  std::string_view min_text_, max_text_;
  std::shared_ptr<const std::string> kept_min_, kept_max_;  // what these two see, when it was copied
};

// Minimum and maximum as a manifest has them, for a column of this type.
struct Bounds {
  std::optional<std::string> lower, upper;
};
Bounds BoundsOf(const ColumnStatistics& statistics, const arrow::DataType& type);

// The text cut to its first `code_points`: a lower bound of it.
std::string TruncateLower(std::string_view text, int code_points);
// The least text of at most `code_points` that is not below `text`; nothing when there is none.
std::optional<std::string> TruncateUpper(std::string_view text, int code_points);

}  // namespace earthcatalog::geoparquet
