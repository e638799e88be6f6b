#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace earthcatalog::item {

// Whether `text` is well-formed UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool IsUtf8(std::string_view text);

// `code` is a Unicode scalar value.
void AppendUtf8(uint32_t code, std::string* out);

}  // namespace earthcatalog::item
