// Comparing rows, of one column and in the order of files.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <array>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

namespace earthcatalog::rows {

// Compares rows of one column, nulls last. A column that is neither text nor instants, or none, has all rows
// equal.
class SortKey {
 public:
  explicit SortKey(std::shared_ptr<arrow::Array> column) : column_(std::move(column)) {
    if (column_ != nullptr && column_->type_id() == arrow::Type::STRING) {
      text_ = static_cast<const arrow::StringArray*>(column_.get());
    } else if (column_ != nullptr && column_->type_id() == arrow::Type::TIMESTAMP) {
      instant_ = static_cast<const arrow::TimestampArray*>(column_.get());
    }
  }
  int Compare(int64_t a, int64_t b) const { return Compare(a, *this, b); }
  // Row `a` of this column with row `b` of another one of the same type.
  int Compare(int64_t a, const SortKey& other, int64_t b) const {
    if (text_ == nullptr && instant_ == nullptr) return 0;
    const bool a_null = column_->IsNull(a);
    const bool b_null = other.column_->IsNull(b);
    if (a_null || b_null) return static_cast<int>(a_null) - static_cast<int>(b_null);
    if (text_ != nullptr) return text_->GetView(a).compare(other.text_->GetView(b));
    const int64_t x = instant_->Value(a), y = other.instant_->Value(b);
    return (x > y) - (x < y);
  }
  // Of the text; equal rows have equal ones.
  size_t Hash(int64_t row) const {
    return text_ == nullptr || text_->IsNull(row) ? 0 : std::hash<std::string_view>()(text_->GetView(row));
  }

 private:
  std::shared_ptr<arrow::Array> column_;
  const arrow::StringArray* text_ = nullptr;
  const arrow::TimestampArray* instant_ = nullptr;
};

// The order of rows in our files: (platform, datetime, collection, id), nulls last.
class FileOrder {
 public:
  explicit FileOrder(const arrow::RecordBatch& rows)
      : keys_{SortKey(rows.GetColumnByName("platform")), SortKey(rows.GetColumnByName("datetime")),
              SortKey(rows.GetColumnByName("collection")), SortKey(rows.GetColumnByName("id"))} {}

  int Compare(int64_t a, int64_t b) const { return Compare(a, *this, b); }
  // Row `a` of these with row `b` of others, whose columns have the same types.
  int Compare(int64_t a, const FileOrder& other, int64_t b) const {
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (const int c = keys_[i].Compare(a, other.keys_[i], b); c != 0) return c;
    }
    return 0;
  }

 private:
  std::array<SortKey, 4> keys_;
};

}  // namespace earthcatalog::rows
