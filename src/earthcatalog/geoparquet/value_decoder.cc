#include "earthcatalog/geoparquet/value_decoder.h"

#include <cstring>
#include <span>

#include "earthcatalog/geoparquet/hybrid_reader.h"

namespace earthcatalog::geoparquet {
namespace {

constexpr int32_t kPlain = 0, kPlainDictionary = 2, kRle = 3, kRleDictionary = 8;  // Encoding
constexpr int32_t kBoolean = 0;                                                    // Type

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Removes it. Little-endian, as this machine.
bool TakeWord(std::string_view* bytes, uint32_t* word) {
  if (bytes->size() < sizeof *word) return false;
  std::memcpy(word, bytes->data(), sizeof *word);
  bytes->remove_prefix(sizeof *word);
  return true;
}

bool TakeText(std::string_view* bytes, std::string_view* text) {
  uint32_t size = 0;
  if (!TakeWord(bytes, &size) || size > bytes->size()) return false;
  *text = bytes->substr(0, size);
  bytes->remove_prefix(size);
  return true;
}

// Says of each value whether it fits.
template <typename From, typename To, typename Convert>
bool ConvertAll(const char* values, int64_t count, std::vector<char>* out, const Convert& convert) {
  out->resize(static_cast<size_t>(count) * sizeof(To));
  for (int64_t i = 0; i < count; ++i) {
    From from;
    To to;
    std::memcpy(&from, values + static_cast<size_t>(i) * sizeof from, sizeof from);
    if (!convert(from, &to)) return false;
    std::memcpy(out->data() + static_cast<size_t>(i) * sizeof to, &to, sizeof to);
  }
  return true;
}

// False if a value does not fit into the table's type.
bool ConvertFixed(Conversion conversion, const char* values, int64_t count, std::vector<char>* out) {
  switch (conversion) {
    case Conversion::kWiden:
      return ConvertAll<int32_t, int64_t>(values, count, out, [](int32_t from, int64_t* to) {
        *to = from;
        return true;
      });
    case Conversion::kFloatToDouble:
      return ConvertAll<float, double>(values, count, out, [](float from, double* to) {
        *to = from;
        return true;
      });
    default:
      return ConvertAll<int64_t, int64_t>(values, count, out, [](int64_t from, int64_t* to) {
        return !__builtin_mul_overflow(from, int64_t{1000}, to);
      });
  }
}

bool HasFixedBytes(std::string_view bytes, int64_t count, int width) {
  return static_cast<uint64_t>(count) <= bytes.size() / static_cast<uint64_t>(width);
}

}  // namespace

void ValueDecoder::BeginChunk(const ShapeLeaf& leaf) {
  leaf_ = &leaf;
  has_dictionary_ = false;
}

bool ValueDecoder::ReadDictionary(std::string_view bytes, int64_t count) {
  if (has_dictionary_ || leaf_->type == kBoolean) return false;
  has_dictionary_ = true;
  texts_.clear();
  fixed_.clear();
  if (leaf_->width > 0) {
    if (!HasFixedBytes(bytes, count, leaf_->width)) return false;
    if (leaf_->conversion != Conversion::kNone) {
      return ConvertFixed(leaf_->conversion, bytes.data(), count, &fixed_);
    }
    fixed_.assign(bytes.data(), bytes.data() + count * leaf_->width);
    return true;
  }
  std::string_view text;
  for (int64_t i = 0; i < count; ++i) {
    if (!TakeText(&bytes, &text)) return false;
    texts_.push_back(text);
  }
  return leaf_->conversion != Conversion::kWithoutNullMembers || RemoveNullMembers();
}

bool ValueDecoder::RemoveNullMembers() {
  changed_texts_.clear();
  for (std::string_view& text : texts_) {
    const size_t start = changed_texts_.size();
    if (!remover_.Append(text, &changed_texts_).ok()) return false;
    text = {nullptr, changed_texts_.size() - start};  // its place may still move
  }
  const char* at = changed_texts_.data();
  for (std::string_view& text : texts_) {
    text = {at, text.size()};
    at += text.size();
  }
  return true;
}

bool ValueDecoder::Read(int32_t encoding, std::string_view bytes, int64_t count, Allowance* allowance,
                        LeafBuilder* out) {
  if (count == 0) return true;
  switch (encoding) {
    case kPlain:
      if (leaf_->type == kBoolean) return ReadBooleans(bytes, count, out);
      return leaf_->width > 0 ? ReadFixed(bytes, count, out) : ReadTexts(bytes, count, allowance, out);
    case kRle: {
      uint32_t size = 0;
      if (leaf_->type != kBoolean || !TakeWord(&bytes, &size) || size > bytes.size()) return false;
      return ReadBooleanRuns(bytes.substr(0, size), count, out);
    }
    case kPlainDictionary:
    case kRleDictionary:
      return has_dictionary_ && ReadIndices(bytes, count, allowance, out);
    default:
      return false;
  }
}

bool ValueDecoder::ReadFixed(std::string_view bytes, int64_t count, LeafBuilder* out) {
  if (!HasFixedBytes(bytes, count, leaf_->width) || !out->ReserveValues(count, 0)) return false;
  const char* values = bytes.data();
  if (leaf_->conversion != Conversion::kNone) {
    if (!ConvertFixed(leaf_->conversion, values, count, &scratch_)) return false;
    values = scratch_.data();
  }
  out->AppendFixed(values, count);
  return true;
}

bool ValueDecoder::ReadTexts(std::string_view bytes, int64_t count, Allowance* allowance, LeafBuilder* out) {
  const auto size = static_cast<int64_t>(bytes.size());
  if (!allowance->Take(size, 1) || !out->ReserveValues(count, size)) return false;
  std::string_view text;
  for (int64_t i = 0; i < count; ++i) {
    if (!TakeText(&bytes, &text)) return false;
    if (leaf_->conversion == Conversion::kWithoutNullMembers) {
      without_nulls_.clear();
      // It never becomes longer, so there is room.
      if (!remover_.Append(text, &without_nulls_).ok() || without_nulls_.size() > text.size()) return false;
      text = without_nulls_;
    }
    out->AppendText(text);
  }
  return true;
}

bool ValueDecoder::ReadBooleans(std::string_view bytes, int64_t count, LeafBuilder* out) {
  if (static_cast<uint64_t>(count + 7) / 8 > bytes.size() || !out->ReserveValues(count, 0)) return false;
  scratch_.resize(static_cast<size_t>(count));
  for (size_t i = 0; i < scratch_.size(); ++i) {
    scratch_[i] = static_cast<char>(static_cast<uint8_t>(bytes[i / 8]) >> (i % 8) & 1);
  }
  out->AppendFixed(scratch_.data(), count);
  return true;
}

bool ValueDecoder::ReadBooleanRuns(std::string_view bytes, int64_t count, LeafBuilder* out) {
  if (!out->ReserveValues(count, 0)) return false;
  scratch_.clear();
  const bool read = ReadHybrid(BytesOf(bytes), 1, count, [&](uint32_t value, int64_t repeats) {
    scratch_.insert(scratch_.end(), static_cast<size_t>(repeats), static_cast<char>(value));
    return value <= 1;
  });
  if (read) out->AppendFixed(scratch_.data(), count);
  return read;
}

bool ValueDecoder::ReadIndices(std::string_view bytes, int64_t count, Allowance* allowance,
                               LeafBuilder* out) {
  if (bytes.empty()) return false;
  const auto indices = BytesOf(bytes.substr(1));
  const int bits = static_cast<uint8_t>(bytes[0]);
  if (bits > 32) return false;
  if (out->width() > 0 && !out->ReserveValues(count, 0)) return false;
  switch (out->width()) {
    case 4:
      return ReadFixedIndices<int32_t>(indices, bits, count, out);
    case 8:
      return ReadFixedIndices<int64_t>(indices, bits, count, out);
    default:
      return ReadHybrid(indices, bits, count, [&](uint32_t index, int64_t repeats) {
        if (index >= texts_.size()) return false;
        const std::string_view text = texts_[index];
        const auto size = static_cast<int64_t>(text.size());
        if (!allowance->Take(repeats, size) || !out->ReserveValues(repeats, repeats * size)) return false;
        for (int64_t i = 0; i < repeats; ++i) out->AppendText(text);
        return true;
      });
  }
}

template <typename T>
bool ValueDecoder::ReadFixedIndices(std::span<const uint8_t> indices, int bits, int64_t count,
                                    LeafBuilder* out) {
  const size_t size = fixed_.size() / sizeof(T);
  return ReadHybrid(indices, bits, count, [&](uint32_t index, int64_t repeats) {
    if (index >= size) return false;
    T value;
    std::memcpy(&value, fixed_.data() + index * sizeof value, sizeof value);
    for (int64_t i = 0; i < repeats; ++i) out->AppendFixed(value);
    return true;
  });
}

}  // namespace earthcatalog::geoparquet
