// Comparing rows of one column.
#pragma once

#include <arrow/array.h>

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
  int Compare(int64_t a, int64_t b) const {
    if (text_ == nullptr && instant_ == nullptr) return 0;
    const bool a_null = column_->IsNull(a);
    const bool b_null = column_->IsNull(b);
    if (a_null || b_null) return static_cast<int>(a_null) - static_cast<int>(b_null);
    if (text_ != nullptr) return text_->GetView(a).compare(text_->GetView(b));
    return (instant_->Value(a) > instant_->Value(b)) - (instant_->Value(a) < instant_->Value(b));
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

}  // namespace earthcatalog::rows
