#include "earthcatalog/base/text.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include "earthcatalog/base/utf8.h"

namespace earthcatalog {
namespace {

constexpr char kHexUpper[] = "0123456789ABCDEF";
constexpr char kHexLower[] = "0123456789abcdef";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
unsigned ByteOf(char c) { return static_cast<unsigned char>(c); }

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr double kLeastWithoutUnit = 0x1p20;  // who writes a small number alone thinks of MiB

std::optional<double> UnitFactor(std::string_view unit) {
  struct Unit {
    std::string_view name;
    double factor;
  };
  static constexpr Unit kUnits[] = {{"", 1},         {"b", 1},       {"kb", 1e3},     {"mb", 1e6},
                                    {"gb", 1e9},     {"tb", 1e12},   {"kib", 0x1p10}, {"mib", 0x1p20},
                                    {"gib", 0x1p30}, {"tib", 0x1p40}};
  for (const Unit& known : kUnits) {
    if (EqualsIgnoreCase(unit, known.name)) return known.factor;
  }
  return std::nullopt;
}

bool IsControl(std::string_view sequence) {
  const unsigned lead = ByteOf(sequence[0]);
  if (sequence.size() == 1) return lead < 0x20 || lead == 0x7F;
  return sequence.size() == 2 && lead == 0xC2 && ByteOf(sequence[1]) < 0xA0;  // U+0080 to U+009F
}

void AppendEscaped(std::string_view bytes, std::string* out) {
  for (const char c : bytes) {
    switch (c) {
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      default:
        *out += "\\x";
        *out += kHexLower[ByteOf(c) >> 4];
        *out += kHexLower[ByteOf(c) & 15];
    }
  }
}

}  // namespace

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string PercentEncodePath(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    if (IsLetter(c) || IsDigit(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '/') {
      out += c;
    } else {
      out += '%';
      out += kHexUpper[ByteOf(c) >> 4];
      out += kHexUpper[ByteOf(c) & 15];
    }
  }
  return out;
}

std::string PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += plus_is_space && text[i] == '+' ? ' ' : text[i];
  }
  return out;
}

Result<int64_t> ParseByteSize(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return UsageError("'{}' is not a size in bytes: {} (write 512MiB, 2GB or 1048576)", OneLine(text, 40),
                      why);
  };
  if (text.empty() || !IsDigit(text[0])) return bad("it does not start with a digit");
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc()) return bad("the number is too large");
  std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  if (unit.size() > 1 && unit[0] == ' ') unit.remove_prefix(1);
  const std::optional<double> factor = UnitFactor(unit);
  if (!factor.has_value()) return bad("the unit is none of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB");
  const double bytes = std::floor(value * *factor);
  if (bytes < 1) return bad("it must be at least one byte");
  if (unit.empty() && bytes < kLeastWithoutUnit) {
    return UsageError("'{}' has no unit and so is {} bytes: write {}MiB, or {}B if that is what is meant",
                      text, static_cast<int64_t>(bytes), text, text);
  }
  if (bytes >= 0x1p63) return bad("the number is too large");
  return static_cast<int64_t>(bytes);
}

std::string FormatByteSize(int64_t bytes) {
  static constexpr std::array<const char*, 6> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (std::abs(static_cast<double>(bytes)) < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  while (std::abs(value) >= 1023.95 && unit + 1 < kUnits.size()) {  // what would be printed as 1024.0
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string FormatCount(int64_t count) {
  std::string digits = fmt::format("{}", count);
  const size_t first = count < 0 ? 1 : 0;
  for (size_t place = digits.size(); place > first + 3;) {
    place -= 3;
    digits.insert(place, ",");
  }
  return digits;
}

std::string NewUuid() {
  std::array<unsigned char, 16> bytes{};
  // The kernel's generator: no state to seed or to share between threads. It fails only for requests above
  // 256 bytes.
  [[maybe_unused]] const int status = getentropy(bytes.data(), bytes.size());
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHexLower[bytes[i] >> 4];
    text += kHexLower[bytes[i] & 15];
  }
  return text;
}

std::string OneLine(std::string_view text, size_t max_bytes) {
  static constexpr std::string_view kEllipsis = "…";
  std::string out;
  size_t cut = 0;  // the longest prefix of `out` that leaves room for the ellipsis
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    const std::string_view sequence = text.substr(0, std::max<size_t>(length, 1));
    if (length == 0 || IsControl(sequence)) {
      AppendEscaped(sequence, &out);
    } else {
      out += sequence;
    }
    if (out.size() > max_bytes) {
      out.resize(cut);
      if (max_bytes >= kEllipsis.size()) out += kEllipsis;
      return out;
    }
    if (out.size() + kEllipsis.size() <= max_bytes) cut = out.size();
    text.remove_prefix(sequence.size());
  }
  return out;
}

}  // namespace earthcatalog
