#include "earthcatalog/base/utf8.h"

namespace earthcatalog {

size_t Utf8SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const auto continues = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t lead = byte(0), second = byte(1);
  if (lead < 0x80) return text.empty() ? 0 : 1;
  if (lead < 0xC2 || !continues(1)) return 0;
  if (lead < 0xE0) return 2;
  if (!continues(2) || (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0)) return 0;
  if (lead < 0xF0) return 3;
  if (!continues(3) || (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second >= 0x90)) return 0;
  return lead <= 0xF4 ? 4 : 0;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void AppendUtf8(uint32_t code, std::string* out) {
  const auto append = [&](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  const auto continuation = [&](int shift) { append(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return append(code);
  if (code < 0x800) {
    append(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    append(0xE0 | (code >> 12));
    continuation(6);
  } else {
    append(0xF0 | (code >> 18));
    continuation(12);
    continuation(6);
  }
  continuation(0);
}

}  // namespace earthcatalog
