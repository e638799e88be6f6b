// Iceberg's single-value serialization of an int: partition bounds hold years in this form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace earthcatalog::iceberg {

inline std::string IntToBytes(int32_t value) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>(value >> shift & 0xFF));
  return bytes;
}

// Nothing unless there are four bytes.
inline std::optional<int32_t> IntFromBytes(std::string_view bytes) {
  if (bytes.size() != 4) return std::nullopt;
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value |= uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return static_cast<int32_t>(value);
}

}  // namespace earthcatalog::iceberg
