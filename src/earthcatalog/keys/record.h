// Records of a fixed width that are ordered by the hash of a key, and streams of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "earthcatalog/base/status.h"

namespace earthcatalog::keys {

inline constexpr size_t kKeyBytes = 16;

// The first 16 bytes are the key. Ordered as bytes are, so numbers behind the key are to be big-endian.
template <size_t Width>
struct Record {
  static_assert(Width >= kKeyBytes);
  std::array<uint8_t, Width> bytes;

  bool operator==(const Record&) const = default;
};

// The hash of an item's key (key_hash.h), as it is in a file: a record without anything else.
using KeyHash = Record<kKeyBytes>;

// A hash, the version of an item in 8 bytes, and the number of a set of partitions in 4.
inline constexpr size_t kPlaceBytes = 28;

// A number of a record, as bytes are ordered.
inline uint64_t ReadBigEndian(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap64(value);
}
inline void WriteBigEndian(uint64_t value, uint8_t* bytes) {
  value = __builtin_bswap64(value);
  std::memcpy(bytes, &value, sizeof(value));
}

// Whether `a` comes before `b` by their keys alone.
template <size_t A, size_t B>
bool KeyLess(const Record<A>& a, const Record<B>& b) {
  const uint64_t head_a = ReadBigEndian(a.bytes.data());
  const uint64_t head_b = ReadBigEndian(b.bytes.data());
  if (head_a != head_b) return head_a < head_b;
  return ReadBigEndian(a.bytes.data() + 8) < ReadBigEndian(b.bytes.data() + 8);
}

template <size_t A, size_t B>
bool SameKey(const Record<A>& a, const Record<B>& b) {
  return std::memcmp(a.bytes.data(), b.bytes.data(), kKeyBytes) == 0;
}

template <size_t Width>
bool operator<(const Record<Width>& a, const Record<Width>& b) {
  if constexpr (Width == kKeyBytes) {
    return KeyLess(a, b);
  } else {
    if (!SameKey(a, b)) return KeyLess(a, b);
    return std::memcmp(a.bytes.data() + kKeyBytes, b.bytes.data() + kKeyBytes, Width - kKeyBytes) < 0;
  }
}

template <size_t Width>
using Records = std::span<const Record<Width>>;

// Records in ascending order, each key once. One thread at a time; useless after an error.
template <size_t Width>
class RecordStream {
 public:
  virtual ~RecordStream() = default;

  // The next ones, which stay until the next call; none after the last. Records whose keys are below `from`
  // may be left out: who looks for few keys spares what lies between them.
  virtual Result<Records<Width>> NextFrom(const KeyHash& from) = 0;
  Result<Records<Width>> Next() { return NextFrom(KeyHash{}); }
};

template <size_t Width>
using StreamPtr = std::unique_ptr<RecordStream<Width>>;

}  // namespace earthcatalog::keys
