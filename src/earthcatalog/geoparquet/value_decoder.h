// The values of Parquet's pages, as the table has them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/geoparquet/file_shape.h"
#include "earthcatalog/geoparquet/leaf_builder.h"
#include "earthcatalog/item/json_columns.h"

namespace earthcatalog::geoparquet {

// How many bytes may still be taken.
class Allowance {
 public:
  explicit Allowance(int64_t bytes = 0) : bytes_(bytes) {}
  // Neither number is negative.
  bool Take(int64_t count, int64_t bytes_of_each) {
    int64_t bytes = 0;
    if (__builtin_mul_overflow(count, bytes_of_each, &bytes) || bytes > bytes_) return false;
    bytes_ -= bytes;
    return true;
  }
  int64_t left() const { return bytes_; }

 private:
  int64_t bytes_;
};

// Of one column chunk after the other. One thread at a time. Each step says false for bytes that are not what
// they should be, for encodings that are not known here, and when `allowance` is used up.
class ValueDecoder {
 public:
  // `leaf` outlives the chunk.
  void BeginChunk(const ShapeLeaf& leaf);
  // The bytes, in plain encoding, are kept until the next chunk begins.
  bool ReadDictionary(std::string_view bytes, int64_t count);
  // Appends `count` values.
  bool Read(int32_t encoding, std::string_view bytes, int64_t count, Allowance* allowance, LeafBuilder* out);

 private:
  bool RemoveNullMembers();
  bool ReadFixed(std::string_view bytes, int64_t count, LeafBuilder* out);
  bool ReadTexts(std::string_view bytes, int64_t count, Allowance* allowance, LeafBuilder* out);
  bool ReadBooleans(std::string_view bytes, int64_t count, LeafBuilder* out);
  bool ReadBooleanRuns(std::string_view bytes, int64_t count, LeafBuilder* out);
  bool ReadIndices(std::string_view bytes, int64_t count, Allowance* allowance, LeafBuilder* out);
  template <typename T>
  bool ReadFixedIndices(std::span<const uint8_t> indices, int bits, int64_t count, LeafBuilder* out);

  const ShapeLeaf* leaf_ = nullptr;
  bool has_dictionary_ = false;
  // Of the dictionary, as the table has them.
  std::vector<std::string_view> texts_;
  std::string changed_texts_;  // what they are views of, where the file has others
  std::vector<char> fixed_;
  std::vector<char> scratch_;
  item::NullMemberRemover remover_;
  std::string without_nulls_;
};

}  // namespace earthcatalog::geoparquet
