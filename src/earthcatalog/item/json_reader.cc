#include "earthcatalog/item/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/utf8.h"

namespace earthcatalog::item {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x8080808080808080;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The high bit of each byte of `word` that is `value`; bytes behind the first such one may be wrong.
uint64_t BytesEqual(uint64_t word, uint8_t value) {
  const uint64_t difference = word ^ (kOnes * value);
  return (difference - kOnes) & ~difference & kHighBits;
}

// Of plain bytes eight can be skipped at once. The high bit of each byte that ends or complicates a string: a
// quote, a backslash, a control character.
uint64_t SpecialBytes(uint64_t word) {
  const uint64_t below_space = (word - kOnes * 0x20) & ~word & kHighBits;
  return BytesEqual(word, '"') | BytesEqual(word, '\\') | below_space;
}

bool IsSpecial(char c) { return c == '"' || c == '\\' || (c >= 0 && c < ' '); }

// The first special byte from `at` on; sets `*any_high` if a byte before it is not ASCII.
const char* FindSpecial(const char* at, const char* end, bool* any_high) {
  uint64_t high = 0;
  while (end - at >= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    if (SpecialBytes(word) != 0) break;
    high |= word;
    at += 8;
  }
  while (at < end && !IsSpecial(*at)) high |= static_cast<uint8_t>(*at++);
  *any_high = *any_high || (high & kHighBits) != 0;
  return at;
}

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int kMaxDigits = 19;

}  // namespace

std::optional<int64_t> JsonNumber::AsInt64() const {
  const uint64_t limit = uint64_t{std::numeric_limits<int64_t>::max()} + (negative ? 1 : 0);
  if (!integer || digit_count > kMaxDigits || digits > limit) return std::nullopt;
  return negative ? static_cast<int64_t>(-digits) : static_cast<int64_t>(digits);
}

std::optional<double> JsonNumber::AsDouble() const {
  // Digits and power are both exact as doubles: one rounding, so the result is the nearest double.
  constexpr uint64_t kExactDigits = uint64_t{1} << 53;
  const int64_t last = static_cast<int64_t>(kPowersOfTen.size()) - 1;
  if (digit_count <= kMaxDigits && digits <= kExactDigits && exponent >= -last && exponent <= last) {
    const auto whole = static_cast<double>(digits);
    const double value = exponent < 0 ? whole / kPowersOfTen[static_cast<size_t>(-exponent)]
                                      : whole * kPowersOfTen[static_cast<size_t>(exponent)];
    return negative ? -value : value;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

bool JsonNumber::Means(double value) const {
  constexpr uint64_t kLargestExact = uint64_t{1} << 53;
  if (!integer || (digit_count <= kMaxDigits && digits <= kLargestExact)) return true;
  return value >= -0x1p63 && value < 0x1p63 && AsInt64() == static_cast<int64_t>(value);
}

void JsonReader::Start(std::string_view text) {
  begin_ = at_ = text.data();
  end_ = begin_ + text.size();
  first_ = false;
  error_.clear();
}

bool JsonReader::Fail(std::string error) {
  if (!failed()) error_ = std::move(error);
  return false;
}

bool JsonReader::Unexpected(std::string_view expected) {
  if (Peek() == '\0' && at_ == end_) return Fail(fmt::format("the text ends where {} should be", expected));
  const std::string_view found(at_, std::min<size_t>(static_cast<size_t>(end_ - at_), 20));
  return Fail(fmt::format("at byte {} stands {} where {} should be", offset(), OneLine(found), expected));
}

bool JsonReader::Enter(char bracket) {
  if (failed()) return false;
  if (Peek() != bracket) return Unexpected(bracket == '{' ? "an object" : "a list");
  ++at_;
  first_ = true;
  return true;
}

// To the next member or element; false behind the closing bracket.
bool JsonReader::Next(char close) {
  if (failed()) return false;
  const char c = Peek();
  const bool first = std::exchange(first_, false);
  if (c == close) {
    ++at_;
    return false;
  }
  if (first) return true;
  if (c != ',') return Unexpected(close == '}' ? "a comma or }" : "a comma or ]");
  ++at_;
  return true;
}

bool JsonReader::NextKey() {
  if (!Next('}')) return false;
  return Peek() == '"' || Unexpected("a key");
}

bool JsonReader::NextElement() { return Next(']'); }

bool JsonReader::TakeKey(std::string_view name) {
  const auto left = static_cast<size_t>(end_ - at_);
  if (left < name.size() + 2 || at_[name.size() + 1] != '"' ||
      std::memcmp(at_ + 1, name.data(), name.size()) != 0) {
    return false;
  }
  const char* const key = std::exchange(at_, at_ + name.size() + 2);
  if (Peek() == ':') {
    ++at_;
    return true;
  }
  at_ = key;  // ReadKey will say what is wrong
  return false;
}

bool JsonReader::ReadKey(std::string_view* raw) {
  if (!ReadString(raw)) return false;
  if (Peek() != ':') return Unexpected("a colon");
  ++at_;
  return true;
}

bool JsonReader::ReadString(std::string_view* raw) {
  if (failed() || Peek() != '"') return Unexpected("a string");
  const char* const start = ++at_;
  bool any_high = false;
  while (true) {
    at_ = FindSpecial(at_, end_, &any_high);
    if (at_ == end_) return Unexpected("the end of a string");
    if (*at_ == '"') break;
    if (*at_ != '\\') return Fail(fmt::format("at byte {} a control character stands in a string", offset()));
    if (!SkipEscape()) return false;
  }
  *raw = {start, static_cast<size_t>(at_ - start)};
  ++at_;
  return !any_high || IsUtf8(*raw) || Fail(fmt::format("the string before byte {} is not UTF-8", offset()));
}

// At a backslash.
bool JsonReader::SkipEscape() {
  constexpr std::string_view kSimple = "\"\\/bfnrt";
  if (end_ - at_ >= 2 && kSimple.find(at_[1]) != std::string_view::npos) {
    at_ += 2;
    return true;
  }
  if (end_ - at_ >= 2 && at_[1] == 'u') return SkipUnicodeEscape();
  return Fail(fmt::format("at byte {} stands no valid escape", offset()));
}

bool JsonReader::SkipUnicodeEscape() {
  const auto code = TakeHexDigits();
  const bool high = code >= 0xD800 && code < 0xDC00;
  const bool low = code >= 0xDC00 && code < 0xE000;
  if (code.has_value() && !high && !low) return true;
  if (high && end_ - at_ >= 2 && at_[0] == '\\' && at_[1] == 'u') {
    const auto second = TakeHexDigits();
    if (second >= 0xDC00 && second < 0xE000) return true;
  }
  return Fail(fmt::format("before byte {} stands an escape that denotes no character", offset()));
}

// At the backslash of \uXXXX.
std::optional<uint32_t> JsonReader::TakeHexDigits() {
  if (end_ - at_ < 6) return std::nullopt;
  uint32_t code = 0;
  const auto [end, error] = std::from_chars(at_ + 2, at_ + 6, code, 16);
  at_ += 6;
  return error == std::errc() && end == at_ ? std::optional(code) : std::nullopt;
}

bool JsonReader::ReadNumber(JsonNumber* number) {
  Peek();
  const char* const start = at_;
  const char* at = at_;
  *number = JsonNumber();
  const auto read_digits = [&] {
    const char* const first = at;
    for (; at < end_ && IsDigit(*at); ++at) {
      if (number->digit_count == 0 && *at == '0') continue;                     // leading zeros do not count
      number->digits = number->digits * 10 + static_cast<uint64_t>(*at - '0');  // of too many: anything
      ++number->digit_count;
    }
    return at - first;
  };
  number->negative = at < end_ && *at == '-';
  if (number->negative) ++at;
  const char* const whole = at;
  const auto whole_digits = read_digits();
  if (failed() || whole_digits == 0 || (*whole == '0' && whole_digits > 1)) return Unexpected("a value");
  if (at < end_ && *at == '.') {
    ++at;
    const auto fraction_digits = read_digits();
    if (fraction_digits == 0) return Unexpected("a number");
    number->exponent = -fraction_digits;
    number->integer = false;
  }
  if (at < end_ && (*at == 'e' || *at == 'E')) {
    ++at;
    const bool minus = at < end_ && *at == '-';
    if (at < end_ && (*at == '+' || *at == '-')) ++at;
    if (at == end_ || !IsDigit(*at)) return Unexpected("a number");
    int64_t exponent = 0;
    for (; at < end_ && IsDigit(*at); ++at)
      exponent = std::min<int64_t>(exponent * 10 + (*at - '0'), 1'000'000);
    number->exponent += minus ? -exponent : exponent;
    number->integer = false;
  }
  at_ = at;
  number->text = {start, static_cast<size_t>(at - start)};
  return true;
}

bool JsonReader::TakeLiteral(std::string_view literal) {
  if (failed() || Peek() != literal.front() || static_cast<size_t>(end_ - at_) < literal.size() ||
      std::memcmp(at_, literal.data(), literal.size()) != 0) {
    return false;
  }
  at_ += literal.size();
  return true;
}

bool JsonReader::CopyValue(std::string* out, int depth) {
  if (depth > kMaxJsonDepth) return Fail(fmt::format("nested deeper than {} levels", kMaxJsonDepth));
  switch (Peek()) {
    case '{':
      return CopyObject(out, depth);
    case '[':
      return CopyArray(out, depth);
    case '"':
      return CopyString(out);
    default:
      return CopyScalar(out);
  }
}

bool JsonReader::CopyObject(std::string* out, int depth) {
  const size_t first_key = keys_.size();
  if (first_key == 0) decoded_.clear();
  if (out != nullptr) out->push_back('{');
  for (EnterObject(); NextKey();) {
    std::string_view key;
    if (!ReadKey(&key)) break;
    if (out != nullptr) {
      if (keys_.size() > first_key) out->push_back(',');
      out->push_back('"');
      out->append(key);
      out->append("\":");
    }
    if (key.find('\\') == std::string_view::npos) {
      keys_.push_back(key);
    } else {
      keys_.push_back(DecodeString(key, &decoded_.emplace_back()));
    }
    if (!CopyValue(out, depth + 1)) break;
  }
  if (out != nullptr) out->push_back('}');
  const auto repeated = FindRepeated(&keys_, first_key);
  if (repeated.has_value())
    Fail(fmt::format("the key \"{}\" comes twice before byte {}", OneLine(*repeated, 60), offset()));
  keys_.resize(first_key);
  return !failed();
}

bool JsonReader::CopyArray(std::string* out, int depth) {
  if (out != nullptr) out->push_back('[');
  bool first = true;
  for (EnterArray(); NextElement();) {
    if (out != nullptr && !std::exchange(first, false)) out->push_back(',');
    if (!CopyValue(out, depth + 1)) break;
  }
  if (out != nullptr) out->push_back(']');
  return !failed();
}

bool JsonReader::CopyString(std::string* out) {
  std::string_view raw;
  if (!ReadString(&raw)) return false;
  if (out != nullptr) out->append(raw.data() - 1, raw.size() + 2);
  return true;
}

bool JsonReader::CopyScalar(std::string* out) {
  const char* const start = Place();
  JsonNumber number;
  if (!TakeLiteral("null") && !TakeLiteral("true") && !TakeLiteral("false") && !ReadNumber(&number)) {
    return false;
  }
  if (out != nullptr) out->append(start, at_);
  return true;
}

std::optional<std::string_view> FindRepeated(std::vector<std::string_view>* names, size_t first) {
  if (names->size() - first < 2) return std::nullopt;
  const auto begin = names->begin() + static_cast<std::ptrdiff_t>(first);
  std::sort(begin, names->end());
  const auto repeated = std::adjacent_find(begin, names->end());
  return repeated == names->end() ? std::nullopt : std::optional(*repeated);
}

}  // namespace earthcatalog::item
