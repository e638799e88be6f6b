// Where a made-up scene lies. All arithmetic is on integers, so that it gives the same on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "earthcatalog/synthetic/random.h"

namespace earthcatalog::synthetic {

// Degrees times 100,000.
inline constexpr int64_t kDegree = 100'000;

struct Point {
  int64_t lon;
  int64_t lat;
};

// A closed ring: the first position is not repeated here.
class Ring {
 public:
  void Add(Point point) { points_[count_++] = point; }
  std::span<const Point> points() const { return {points_.data(), count_}; }

 private:
  std::array<Point, 12> points_{};
  size_t count_ = 0;
};

struct Footprint {
  enum class Kind { kNone, kPolygon, kMultiPolygon };
  Kind kind = Kind::kPolygon;
  Point centre{};
  // One, or two when it was split at the antimeridian: the part west of it, then the part east.
  std::array<Ring, 2> rings{};
  // As RFC 7946 has it: `west` is greater than `east` across the antimeridian.
  int64_t west = 0, south = 0, east = 0, north = 0;
};

// Polar-heavy: three quarters over the ice sheets and the Arctic, the rest over mountain glaciers and,
// rarely, anywhere. Mostly rotated rectangles of 30 to 200 km; 70 in 10,000 are split at the antimeridian, 10
// enclose a pole, 20 are missing.
Footprint MakeFootprint(Random* random);

}  // namespace earthcatalog::synthetic
