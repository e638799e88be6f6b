#include "earthcatalog/geoparquet/column_statistics.h"

#include <arrow/util/bit_util.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "earthcatalog/base/utf8.h"

namespace earthcatalog::geoparquet {
namespace {

using arrow::Type;

constexpr int kBoundCodePoints = 16;

static_assert(std::endian::native == std::endian::little, "plain encoding is copied from memory");

template <typename T>
std::string Plain(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

std::string PlainInteger(Type::type type, int64_t value) {
  if (type == Type::BOOL) return Plain(static_cast<uint8_t>(value));
  if (type == Type::INT32 || type == Type::DATE32) return Plain(static_cast<int32_t>(value));
  return Plain(value);
}

std::string PlainReal(Type::type type, double value) {
  return type == Type::FLOAT ? Plain(static_cast<float>(value)) : Plain(value);
}

// Widens [min, max] by the value.
template <typename T>
void Widen(T value, bool* has_bounds, T* min, T* max) {
  if (!*has_bounds) {
    *min = *max = value;
    *has_bounds = true;
    return;
  }
  if (value < *min) *min = value;
  if (*max < value) *max = value;
}

uint32_t DecodeCodePoint(std::string_view bytes) {
  constexpr uint8_t kLeadMask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
  uint32_t code = static_cast<uint8_t>(bytes[0]) & kLeadMask[bytes.size()];
  for (size_t i = 1; i < bytes.size(); ++i) code = code << 6 | (static_cast<uint8_t>(bytes[i]) & 0x3F);
  return code;
}

// The next code point that UTF-8 can hold, or nothing after the last.
std::optional<uint32_t> NextCodePoint(uint32_t code) {
  if (code >= 0x10FFFF) return std::nullopt;
  return code == 0xD7FF ? 0xE000 : code + 1;
}

}  // namespace

void ColumnStatistics::Clear() { *this = ColumnStatistics(leaf_); }

void ColumnStatistics::KeepTexts() {
  if (!has_bounds_ || !is_text()) return;
  const auto keep = [](std::shared_ptr<const std::string>* kept, std::string_view* text) {
    if (*kept != nullptr && text->data() == (*kept)->data()) return;
    *kept = std::make_shared<const std::string>(*text);
    *text = **kept;
  };
  keep(&kept_min_, &min_text_);
  keep(&kept_max_, &max_text_);
}

void ColumnStatistics::AddInteger(int64_t value) { Widen(value, &has_bounds_, &min_integer_, &max_integer_); }

void ColumnStatistics::AddReal(double value) {
  if (std::isnan(value)) {
    ++nan_count_;
  } else if (leaf_->bounded) {
    Widen(value, &has_bounds_, &min_real_, &max_real_);
  }
}

void ColumnStatistics::AddText(std::string_view value) {
  Widen(value, &has_bounds_, &min_text_, &max_text_);
  KeepTexts();
}

void ColumnStatistics::Add(const LeafEntries& entries) {
  const auto& definition = entries.entries.definition;
  null_count_ += std::count_if(definition.begin(), definition.end(),
                               [this](int16_t level) { return level < leaf_->max_definition; });
  const auto add_reals = [&]<typename T>(const T* values) {
    ForEachValue(*leaf_, entries, [&](int64_t i) { AddReal(static_cast<double>(values[i])); });
  };
  const auto add_integers = [&]<typename T>(const T* values) {
    ForEachValue(*leaf_, entries,
                 [&](int64_t i) { Widen<int64_t>(values[i], &has_bounds_, &min_integer_, &max_integer_); });
  };
  const arrow::ArrayData& array = entries.array;
  const Type::type type = leaf_->type->id();
  if (type == Type::FLOAT) return add_reals(array.GetValues<float>(1, 0));
  if (type == Type::DOUBLE) return add_reals(array.GetValues<double>(1, 0));
  if (!leaf_->bounded) return;
  if (type == Type::INT32 || type == Type::DATE32) return add_integers(array.GetValues<int32_t>(1, 0));
  if (type == Type::INT64 || type == Type::TIMESTAMP) return add_integers(array.GetValues<int64_t>(1, 0));
  if (type == Type::BOOL) {
    const uint8_t* bits = array.GetValues<uint8_t>(1, 0);
    return ForEachValue(*leaf_, entries, [&](int64_t i) {
      Widen<int64_t>(arrow::bit_util::GetBit(bits, i), &has_bounds_, &min_integer_, &max_integer_);
    });
  }
  const int32_t* offsets = array.GetValues<int32_t>(1, 0);
  const char* bytes = array.GetValues<char>(2, 0);
  ForEachValue(*leaf_, entries, [&](int64_t i) {
    const std::string_view text(bytes + offsets[i], static_cast<size_t>(offsets[i + 1] - offsets[i]));
    Widen(text, &has_bounds_, &min_text_, &max_text_);
  });
}

std::optional<std::string> ColumnStatistics::Minimum() const {
  if (!has_bounds_) return std::nullopt;
  if (is_text()) return std::string(min_text_);
  const Type::type type = leaf_->type->id();
  if (type == Type::FLOAT || type == Type::DOUBLE) {
    return PlainReal(type, min_real_ == 0 ? -0.0 : min_real_);  // both zeros are in the range
  }
  return PlainInteger(type, min_integer_);
}

std::optional<std::string> ColumnStatistics::Maximum() const {
  if (!has_bounds_) return std::nullopt;
  if (is_text()) return std::string(max_text_);
  const Type::type type = leaf_->type->id();
  if (type == Type::FLOAT || type == Type::DOUBLE) {
    return PlainReal(type, max_real_ == 0 ? 0.0 : max_real_);
  }
  return PlainInteger(type, max_integer_);
}

Bounds BoundsOf(const ColumnStatistics& statistics, const arrow::DataType& type) {
  Bounds bounds{statistics.Minimum(), statistics.Maximum()};
  if (type.id() != Type::STRING || !bounds.lower) return bounds;
  return {TruncateLower(*bounds.lower, kBoundCodePoints), TruncateUpper(*bounds.upper, kBoundCodePoints)};
}

std::string TruncateLower(std::string_view text, int code_points) {
  size_t end = 0;
  for (int i = 0; i < code_points && end < text.size(); ++i) {
    end += std::max<size_t>(1, Utf8SequenceLength(text.substr(end)));
  }
  return std::string(text.substr(0, end));
}

std::optional<std::string> TruncateUpper(std::string_view text, int code_points) {
  std::string bound = TruncateLower(text, code_points);
  if (bound.size() == text.size()) return bound;
  while (!bound.empty()) {
    size_t last = bound.size() - 1;
    while (last > 0 && (static_cast<uint8_t>(bound[last]) & 0xC0) == 0x80) --last;
    const std::string_view point = std::string_view(bound).substr(last);
    if (Utf8SequenceLength(point) != point.size()) return std::nullopt;  // not UTF-8
    const auto next = NextCodePoint(DecodeCodePoint(point));
    bound.resize(last);
    if (next) {
      AppendUtf8(*next, &bound);
      return bound;
    }
  }
  return std::nullopt;
}

}  // namespace earthcatalog::geoparquet
