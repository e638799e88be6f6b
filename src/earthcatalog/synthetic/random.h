// Numbers that look random and are the same everywhere: SplitMix64, and no distribution of the standard
// library, whose results differ between implementations.
#pragma once

#include <cstdint>

namespace earthcatalog::synthetic {

class Random {
 public:
  // Each (seed, index) starts a sequence of its own.
  Random(uint64_t seed, uint64_t index) : state_(Mix(seed) ^ Mix(~index)) {}

  uint64_t Next() { return Mix(state_ += kStep); }

  // 0 … limit - 1. The bias of the remainder is too small to see for the limits used here.
  uint64_t Below(uint64_t limit) { return Next() % limit; }
  // first … last
  int64_t Between(int64_t first, int64_t last) {
    return first + static_cast<int64_t>(Below(static_cast<uint64_t>(last - first + 1)));
  }
  // True in `count` of 10,000 cases.
  bool InTenThousand(uint64_t count) { return Below(10'000) < count; }

 private:
  static constexpr uint64_t kStep = 0x9E3779B97F4A7C15;

  static uint64_t Mix(uint64_t z) {
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return z ^ z >> 31;
  }

  uint64_t state_;
};

}  // namespace earthcatalog::synthetic
