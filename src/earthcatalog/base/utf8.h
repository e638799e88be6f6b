#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace earthcatalog {

// The length of the well-formed sequence that `text` starts with, 0 when it starts with none: no overlong
// forms, no surrogates, nothing beyond U+10FFFF.
size_t Utf8SequenceLength(std::string_view text);

bool IsUtf8(std::string_view text);

// `code` is a Unicode scalar value.
void AppendUtf8(uint32_t code, std::string* out);

}  // namespace earthcatalog
