// Who a row is, and which of two versions is newer.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace earthcatalog::rows {

// 128 bits of hash of collection and id.
using Identity = std::array<uint64_t, 2>;

inline constexpr int64_t kNoTime = std::numeric_limits<int64_t>::min();

// When the rows of a file were ingested whose column `_ingested` does not say it: the sequence number
// of its commit, and in the last nine digits the part number in its name (of more parts the last are not told
// apart). The larger, the later. Negative for a file that this program did not write: other engines put rows
// of any age into new files, and 0.6.1 numbers files without regard to their rows. The amount then says only
// which of two rows of one partition is later, and nothing of rows in others.
int64_t IngestedWith(std::string_view path, int64_t sequence_number);

// The columns that say which version of which item each row is. One thread at a time.
class IdentityColumns {
 public:
  // To be read of a file; others are not needed.
  static const std::vector<std::string>& Names();

  explicit IdentityColumns(const arrow::RecordBatch& rows);

  bool has_ids() const { return ids_ != nullptr; }
  std::optional<std::string_view> id(int64_t row) const { return TextOf(ids_.get(), row); }
  // A row without an id has that of an empty one.
  Identity identity(int64_t row);
  // Microseconds; kNoTime where there is none.
  int64_t updated(int64_t row) const { return TimeOf(updated_.get(), row); }
  int64_t created(int64_t row) const { return TimeOf(created_.get(), row); }
  // Of a row that has been put into another file since; nothing: it came with its file.
  std::optional<int64_t> ingested(int64_t row) const {
    if (ingested_ == nullptr || ingested_->IsNull(row) || ingested_->Value(row) == kNoTime) {
      return std::nullopt;
    }
    return ingested_->Value(row);
  }

 private:
  static std::optional<std::string_view> TextOf(const arrow::StringArray* texts, int64_t row) {
    return texts != nullptr && texts->IsValid(row) ? std::optional(texts->GetView(row)) : std::nullopt;
  }
  static int64_t TimeOf(const arrow::TimestampArray* times, int64_t row) {
    return times == nullptr || times->IsNull(row) ? kNoTime : times->Value(row);
  }

  const std::shared_ptr<arrow::StringArray> ids_, collections_;
  const std::shared_ptr<arrow::TimestampArray> updated_, created_;
  const std::shared_ptr<arrow::Int64Array> ingested_;
  std::string buffer_;
};

}  // namespace earthcatalog::rows
