// What many files have of one leaf column of their table: levels, in the table's numbers, and values.
#pragma once

#include <arrow/buffer_builder.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::geoparquet {

class LeafBuilder {
 public:
  struct Levels {
    uint8_t definition = 0;  // of an entry whose value is present
    uint8_t repetition = 0;  // of the innermost list
    // Of an entry with an element in the list, outermost list first.
    std::vector<uint8_t> elements;
    bool nullable = true;  // the leaf itself
  };
  LeafBuilder(std::shared_ptr<arrow::DataType> type, Levels levels);

  const Levels& levels() const { return levels_; }
  const std::shared_ptr<arrow::DataType>& type() const { return type_; }
  // Of a fixed width, as bytes of one value (booleans take a whole one here); 0: texts; -1: of a type that
  // files of this program do not have, which nothing but nulls can be appended to.
  int width() const { return width_; }
  // What an entry takes, besides the bytes of its text.
  int64_t entry_bytes() const {
    return 1 + (levels_.repetition > 0 ? 1 : 0) +
           (width_ > 0 ? width_ : static_cast<int64_t>(sizeof(int32_t)));
  }

  int64_t entries() const { return static_cast<int64_t>(definition_.size()); }
  const uint8_t* definition() const { return definition_.data(); }
  const uint8_t* repetition() const { return repetition_.data(); }  // null above the first list

  // Levels of entries to come, none of them beyond the column's; of repetition only below a list. The values
  // of those that are present have to follow.
  void AppendDefinition(uint8_t level, int64_t count) {
    definition_.insert(definition_.end(), Count(count), level);
  }
  void AppendRepetition(uint8_t level, int64_t count) {
    repetition_.insert(repetition_.end(), Count(count), level);
  }
  // An entry without value for each of the rows.
  void AppendNullRows(int64_t count);
  // For each entry of `other`, from `first` on, that no list below `repetition` repeats: one that ends at
  // `definition`, or before where the other one does.
  void AppendNullsBeside(const LeafBuilder& other, int64_t first, uint8_t repetition, uint8_t definition);

  // Room for so many values more. False: that is more than memory, or one column of a batch, has.
  bool ReserveValues(int64_t count, int64_t text_bytes);
  // Within the room.
  void AppendFixed(const void* values, int64_t count) { values_.UnsafeAppend(values, count * width_); }
  template <typename T>
  void AppendFixed(T value) {
    values_.UnsafeAppend(&value, sizeof value);
  }
  void AppendText(std::string_view text) {
    values_.UnsafeAppend(text.data(), static_cast<int64_t>(text.size()));
    ends_.UnsafeAppend(static_cast<int32_t>(values_.length()));
  }

  // To go back to: what was appended since is gone.
  void Mark();
  void Rewind();
  int64_t mark() const { return static_cast<int64_t>(marked_entries_); }

  void Clear();
  // The array of all slots that the innermost list has, or of all rows. To be cleared then.
  Result<std::shared_ptr<arrow::ArrayData>> Finish();

 private:
  static size_t Count(int64_t count) { return static_cast<size_t>(count); }
  int64_t values() const { return width_ > 0 ? values_.length() / width_ : ends_.length(); }
  Status FinishValues(int64_t slots, const uint8_t* valid, arrow::BufferVector* buffers);

  std::shared_ptr<arrow::DataType> type_;
  Levels levels_;
  int width_;
  std::vector<uint8_t> definition_, repetition_;
  arrow::BufferBuilder values_;              // of entries that are present, one after the other
  arrow::TypedBufferBuilder<int32_t> ends_;  // of texts
  size_t marked_entries_ = 0, marked_repetitions_ = 0;
  int64_t marked_values_ = 0, marked_ends_ = 0;
};

}  // namespace earthcatalog::geoparquet
