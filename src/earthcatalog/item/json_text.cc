// Strings and numbers between JSON's text and what they mean.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <iterator>

#include "earthcatalog/base/utf8.h"
#include "earthcatalog/item/json_reader.h"

namespace earthcatalog::item {
namespace {

char Unescaped(char escape) {
  switch (escape) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return escape;
  }
}

uint32_t HexAt(std::string_view text, size_t at) {
  uint32_t code = 0;
  std::from_chars(text.data() + at, text.data() + at + 4, code, 16);
  return code;
}

}  // namespace

std::string_view DecodeString(std::string_view raw, std::string* buffer) {
  size_t slash = raw.find('\\');
  if (slash == std::string_view::npos) return raw;
  buffer->clear();
  size_t plain = 0;  // first byte not written yet
  for (; slash != std::string_view::npos; slash = raw.find('\\', plain)) {
    buffer->append(raw, plain, slash - plain);
    if (raw[slash + 1] != 'u') {
      buffer->push_back(Unescaped(raw[slash + 1]));
      plain = slash + 2;
      continue;
    }
    uint32_t code = HexAt(raw, slash + 2);
    plain = slash + 6;
    if (code >= 0xD800 && code < 0xDC00) {  // the reader has seen that its other half follows
      code = 0x10000 + ((code - 0xD800) << 10) + (HexAt(raw, plain + 2) - 0xDC00);
      plain += 6;
    }
    AppendUtf8(code, buffer);
  }
  buffer->append(raw, plain);
  return *buffer;
}

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  size_t plain = 0;  // first byte not written yet
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool control = c >= 0 && c < ' ';
    if (c != '"' && c != '\\' && !control) continue;
    out->append(text, plain, i - plain);
    plain = i + 1;
    if (control) {
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out->push_back('\\');
      out->push_back(c);
    }
  }
  out->append(text, plain);
  out->push_back('"');
}

void AppendJsonNumber(double number, std::string* out) {
  std::array<char, 32> text;
  const auto result = std::to_chars(text.begin(), text.end(), number);
  out->append(text.begin(), result.ptr);
}

}  // namespace earthcatalog::item
