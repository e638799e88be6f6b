#include "earthcatalog/geoparquet/plain_page.h"

#include <arrow/util/bit_util.h>

#include <algorithm>
#include <bit>

namespace earthcatalog::geoparquet {
namespace {

void AppendWord(uint32_t word, std::string* out) {
  out->append(reinterpret_cast<const char*>(&word), sizeof word);  // little-endian, as this machine
}

void AppendVarint(uint32_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

// Bits from the least significant end, whole bytes in the end.
class BitAppender {
 public:
  explicit BitAppender(std::string* out) : out_(out) {}
  ~BitAppender() {
    if (used_ > 0) out_->push_back(static_cast<char>(bits_));
  }
  BitAppender(const BitAppender&) = delete;
  BitAppender& operator=(const BitAppender&) = delete;

  void Append(uint32_t value, int width) {
    bits_ |= value << used_;
    for (used_ += width; used_ >= 8; used_ -= 8, bits_ >>= 8) out_->push_back(static_cast<char>(bits_));
  }

 private:
  std::string* out_;
  uint32_t bits_ = 0;
  int used_ = 0;
};

template <typename T>
void AppendFixed(const LeafColumn& leaf, const LeafEntries& entries, std::string* page) {
  const T* values = entries.array.GetValues<T>(1, 0);
  ForEachValue(leaf, entries, [&](int64_t place) {
    page->append(reinterpret_cast<const char*>(values + place), sizeof(T));
  });
}

void AppendBooleans(const LeafColumn& leaf, const LeafEntries& entries, std::string* page) {
  const uint8_t* values = entries.array.GetValues<uint8_t>(1, 0);
  BitAppender bits(page);
  ForEachValue(leaf, entries,
               [&](int64_t place) { bits.Append(arrow::bit_util::GetBit(values, place) ? 1 : 0, 1); });
}

void AppendByteArrays(const LeafColumn& leaf, const LeafEntries& entries, std::string* page) {
  const int32_t* offsets = entries.array.GetValues<int32_t>(1, 0);
  const char* bytes = entries.array.GetValues<char>(2, 0);
  ForEachValue(leaf, entries, [&](int64_t place) {
    const auto size = static_cast<uint32_t>(offsets[place + 1] - offsets[place]);
    AppendWord(size, page);
    page->append(bytes + offsets[place], size);
  });
}

}  // namespace

void AppendLevels(std::span<const int16_t> levels, int16_t max_level, std::string* page) {
  if (max_level == 0) return;
  const size_t length_at = page->size();
  AppendWord(0, page);
  const bool all_equal = std::all_of(levels.begin(), levels.end(), [&](int16_t v) { return v == levels[0]; });
  const auto count = static_cast<uint32_t>(levels.size());
  if (all_equal) {
    AppendVarint(count << 1, page);
    page->push_back(static_cast<char>(levels[0]));
  } else {
    const uint32_t groups = (count + 7) / 8;
    const int width = std::bit_width(static_cast<uint16_t>(max_level));
    AppendVarint(groups << 1 | 1, page);
    BitAppender bits(page);
    for (const int16_t level : levels) bits.Append(static_cast<uint32_t>(level), width);
    for (uint32_t i = count; i < groups * 8; ++i) bits.Append(0, width);
  }
  const auto length = static_cast<uint32_t>(page->size() - length_at - sizeof(uint32_t));
  page->replace(length_at, sizeof length, reinterpret_cast<const char*>(&length), sizeof length);
}

void AppendPlainValues(const LeafColumn& leaf, const LeafEntries& entries, std::string* page) {
  switch (leaf.type->id()) {
    case arrow::Type::BOOL:
      return AppendBooleans(leaf, entries, page);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::FLOAT:
      return AppendFixed<int32_t>(leaf, entries, page);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DOUBLE:
      return AppendFixed<int64_t>(leaf, entries, page);
    default:  // text and binary: MakeLayout lets nothing else pass
      return AppendByteArrays(leaf, entries, page);
  }
}

}  // namespace earthcatalog::geoparquet
