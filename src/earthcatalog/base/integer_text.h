// Decimal integers in text: properties, file names and field ids hold them.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace earthcatalog {

// The whole of `text` as a number that fits, or nothing.
template <typename Integer = int64_t>
std::optional<Integer> ParseInteger(std::string_view text) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace earthcatalog
