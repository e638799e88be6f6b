#include "unit/item/random_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "earthcatalog/item/json_reader.h"

namespace earthcatalog::item {
namespace {

using nlohmann::json;

constexpr char kNumberMark = '\x01';  // starts the strings that stand for numbers
constexpr std::string_view kNumberCharacters = "+-.0123456789Ee";

class TextWriter {
 public:
  explicit TextWriter(std::mt19937* random) : random_(random), wild_(OneIn(2)), spaced_(OneIn(2)) {}

  std::string Write(const json& value) {
    Space();
    Value(value);
    Space();
    return std::move(text_);
  }

 private:
  bool OneIn(unsigned n) { return (*random_)() % n == 0; }

  void Space() {
    while (spaced_ && OneIn(3)) text_.push_back(" \n\r\t"[(*random_)() % 4]);
  }

  void Value(const json& value) {
    if (value.is_object()) return Object(value);
    if (value.is_array()) return List(value);
    if (!value.is_string()) return text_.append(value.dump()), void();
    const auto& string = value.get_ref<const std::string&>();
    if (string.starts_with(kNumberMark)) return text_.append(string, 1), void();
    String(string);
  }

  void Object(const json& object) {
    std::vector<std::pair<std::string, const json*>> members;
    for (const auto& [name, value] : object.items()) members.emplace_back(name, &value);
    if (wild_) std::shuffle(members.begin(), members.end(), *random_);
    char separator = '{';
    for (const auto& [name, value] : members) {
      text_.push_back(std::exchange(separator, ','));
      Space();
      String(name);
      Space();
      text_.push_back(':');
      Space();
      Value(*value);
      Space();
    }
    Close(separator, '{', '}');
  }

  void List(const json& list) {
    char separator = '[';
    for (const json& value : list) {
      text_.push_back(std::exchange(separator, ','));
      Space();
      Value(value);
      Space();
    }
    Close(separator, '[', ']');
  }

  void Close(char separator, char open, char close) {
    if (separator == open) {
      text_.push_back(open);
      Space();
    }
    text_.push_back(close);
  }

  void String(std::string_view string) {
    text_.push_back('"');
    while (!string.empty()) {
      const size_t bytes = LengthOfCharacter(static_cast<uint8_t>(string[0]));
      Character(string.substr(0, bytes));
      string.remove_prefix(bytes);
    }
    text_.push_back('"');
  }

  static size_t LengthOfCharacter(uint8_t first) {
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  }

  void Character(std::string_view utf8) {
    static constexpr std::string_view kSpecial = "\"\\/\b\f\n\r\t";
    const size_t special = utf8.size() == 1 ? kSpecial.find(utf8[0]) : std::string_view::npos;
    const bool must = (utf8[0] >= 0 && utf8[0] < ' ') || utf8 == "\"" || utf8 == "\\";
    if (!must && !(wild_ && OneIn(4))) {
      text_.append(utf8);
    } else if (special != std::string_view::npos && OneIn(2)) {
      text_.append({'\\', "\"\\/bfnrt"[special]});
    } else {
      Escape(utf8);
    }
  }

  void Escape(std::string_view utf8) {
    uint32_t code = static_cast<uint8_t>(utf8[0]);
    if (utf8.size() > 1) code &= 0x7Fu >> utf8.size();
    for (const char c : utf8.substr(1)) code = code << 6 | (static_cast<uint8_t>(c) & 0x3Fu);
    if (code < 0x10000) return Unit(code);
    Unit(0xD800 + ((code - 0x10000) >> 10));
    Unit(0xDC00 + ((code - 0x10000) & 0x3FF));
  }

  void Unit(uint32_t code) {
    text_ += OneIn(2) ? fmt::format("\\u{:04x}", code) : fmt::format("\\u{:04X}", code);
  }

  std::mt19937* const random_;
  const bool wild_, spaced_;
  std::string text_;
};

// Sign, digits without zeros around them, and the power of ten.
std::string ExactDecimal(std::string_view text) {
  const size_t e = std::min(text.find_first_of("eE"), text.size());
  std::string exponent_text(text.substr(std::min(e + 1, text.size())));
  if (exponent_text.starts_with('+')) exponent_text.erase(0, 1);
  long long exponent = exponent_text.empty() ? 0 : std::stoll(exponent_text);
  std::string digits;
  const std::string_view mantissa = text.substr(0, e);
  for (size_t i = 0; i < mantissa.size(); ++i) {
    if (mantissa[i] == '.') exponent -= static_cast<long long>(mantissa.size() - i - 1);
    if (std::isdigit(static_cast<unsigned char>(mantissa[i])) != 0) digits.push_back(mantissa[i]);
  }
  digits.erase(0, digits.find_first_not_of('0'));
  if (digits.empty()) return "0";
  for (; digits.back() == '0'; ++exponent) digits.pop_back();
  return fmt::format("{}{}e{}", text[0] == '-' ? "-" : "", digits, exponent);
}

std::string ExactNumber(std::string_view text) {
  if (text.find_first_of(".eE") == std::string_view::npos) return ExactDecimal(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return ExactDecimal(text);
  // A whole double is the integer that it is exactly.
  return ExactDecimal(std::trunc(value) == value ? fmt::format("{:.0f}", value) : fmt::format("{}", value));
}

}  // namespace

json NumberText(std::string_view text) { return kNumberMark + std::string(text); }

std::string RandomText(const json& value, std::mt19937* random) { return TextWriter(random).Write(value); }

json ExactValue(std::string_view text) {
  JsonReader reader(text);
  if (!reader.Skip() || !reader.at_end()) return json(json::value_t::discarded);
  std::string marked;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\') {
      marked.append(text, i++, 2);
    } else if (!in_string && (text[i] == '-' || std::isdigit(static_cast<unsigned char>(text[i])) != 0)) {
      const size_t end = std::min(text.find_first_not_of(kNumberCharacters, i), text.size());
      marked += fmt::format("\"number {}\"", ExactNumber(text.substr(i, end - i)));
      i = end - 1;
    } else {
      in_string = in_string != (text[i] == '"');
      marked.push_back(text[i]);
    }
  }
  return json::parse(marked, nullptr, /*allow_exceptions=*/false);
}

}  // namespace earthcatalog::item
