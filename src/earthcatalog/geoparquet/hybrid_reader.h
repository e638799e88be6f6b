// Parquet's hybrid of run lengths and bit packing, in which levels, dictionary indices and some booleans are.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>

namespace earthcatalog::geoparquet {

// Calls `visit(value, repeats)`, which says false to stop, until it had `count` values in all of `width`
// bits, at most 32, each. False if it stopped, or `bytes` end before.
template <typename Visit>
bool ReadHybrid(std::span<const uint8_t> bytes, int width, int64_t count, const Visit& visit) {
  const uint8_t* at = bytes.data();
  const uint8_t* const end = at + bytes.size();
  while (count > 0) {
    uint32_t head = 0;
    for (int shift = 0;; shift += 7) {
      if (at == end || shift > 28) return false;
      head |= static_cast<uint32_t>(*at & 0x7F) << shift;
      if (*at++ < 0x80) break;
    }
    if ((head & 1) == 0) {
      const auto size = static_cast<size_t>(width + 7) / 8;
      if (static_cast<size_t>(end - at) < size) return false;
      uint32_t value = 0;
      std::memcpy(&value, at, size);  // little-endian, as this machine
      at += size;
      const int64_t repeats = std::min<int64_t>(head >> 1, count);
      if (repeats > 0 && !visit(value, repeats)) return false;
      count -= repeats;
      continue;
    }
    const uint64_t packed = uint64_t{head >> 1} * static_cast<uint64_t>(width);  // of 8 values each
    if (packed > static_cast<uint64_t>(end - at)) return false;
    const uint64_t mask = (uint64_t{1} << width) - 1;
    uint64_t bits = 0;
    int held = 0;
    const uint8_t* next = at;
    const int64_t values = std::min<int64_t>(int64_t{head >> 1} * 8, count);
    for (int64_t i = 0; i < values; ++i) {
      for (; held < width; held += 8) bits |= uint64_t{*next++} << held;
      if (!visit(static_cast<uint32_t>(bits & mask), 1)) return false;
      bits >>= width;
      held -= width;
    }
    at += packed;
    count -= values;
  }
  return true;
}

}  // namespace earthcatalog::geoparquet
