#include "earthcatalog/synthetic/footprint.h"

#include <algorithm>

namespace earthcatalog::synthetic {
namespace {

constexpr int64_t kHalfTurn = 180 * kDegree;
constexpr int64_t kOne = 1'000'000;                                            // of sines
constexpr int64_t kMetresPerDegree = 111'320;                                  // of latitude
constexpr uint64_t kMissing = 20, kAroundPole = 10, kAcrossAntimeridian = 70;  // of 10,000

struct Region {
  uint64_t weight;  // of 100
  int south, north, west, east;
};
constexpr std::array<Region, 9> kRegions = {{
    {38, 60, 83, -70, -15},     // Greenland
    {24, -84, -62, -180, 180},  // Antarctica
    {8, 66, 82, -120, -65},     // Canadian Arctic
    {6, 74, 82, 10, 105},       // Svalbard to Severnaya Zemlya
    {7, 58, 64, -155, -130},    // Alaska
    {3, 63, 66, -24, -14},      // Iceland
    {6, 28, 43, 70, 100},       // High Mountain Asia
    {3, -55, -46, -76, -72},    // Patagonia
    {5, -58, 70, -180, 180},    // anywhere
}};

// Sine of 0 … 180 degrees (in hundredths) times kOne, within 0.002 of the true one.
int64_t Sine(int64_t centidegrees) {
  const int64_t u = centidegrees * (18'000 - centidegrees);
  return 4 * u * kOne / (405'000'000 - u);
}

int64_t CosineOfLatitude(int64_t lat) { return Sine(9'000 - std::abs(lat) / (kDegree / 100)); }

int64_t MetresToLat(int64_t metres) { return metres * kDegree / kMetresPerDegree; }
int64_t MetresToLon(int64_t metres, int64_t lat) {
  return MetresToLat(metres) * kOne / CosineOfLatitude(lat);
}

Point CentreIn(const Region& region, Random* random) {
  return {random->Between(region.west * kDegree, region.east * kDegree),
          random->Between(region.south * kDegree, region.north * kDegree)};
}

Point RandomCentre(Random* random) {
  uint64_t roll = random->Below(100);
  size_t i = 0;
  while (roll >= kRegions[i].weight) roll -= kRegions[i++].weight;
  return CentreIn(kRegions[i], random);
}

struct Rectangle {
  std::array<Point, 4> corners;  // relative to the centre, counterclockwise
  int64_t reach;                 // the greatest distance of a corner in longitude
};

Rectangle RotatedRectangle(int64_t lat, Random* random) {
  const int64_t half_width = random->Between(15'000, 100'000), half_height = random->Between(15'000, 100'000);
  const int64_t angle = random->Between(0, 9'000);
  const int64_t sine = Sine(angle), cosine = Sine(9'000 - angle);
  Rectangle rectangle{};
  constexpr std::array<std::array<int, 2>, 4> kSigns = {{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}}};
  for (size_t i = 0; i < 4; ++i) {
    const int64_t x = kSigns[i][0] * half_width, y = kSigns[i][1] * half_height;
    Point& corner = rectangle.corners[i];
    corner = {MetresToLon((x * cosine - y * sine) / kOne, lat), MetresToLat((x * sine + y * cosine) / kOne)};
    rectangle.reach = std::max(rectangle.reach, std::abs(corner.lon));
  }
  return rectangle;
}

// The part of the ring on one side of the antimeridian (side 1: lon <= 180, side -1: lon >= 180).
Ring ClipAtAntimeridian(std::span<const Point> ring, int side) {
  const auto inside = [side](const Point& point) { return side * (kHalfTurn - point.lon) >= 0; };
  Ring clipped;
  for (size_t i = 0; i < ring.size(); ++i) {
    const Point& from = ring[i];
    const Point& to = ring[(i + 1) % ring.size()];
    if (inside(from)) clipped.Add(from);
    if (inside(from) == inside(to)) continue;
    clipped.Add({kHalfTurn, from.lat + (to.lat - from.lat) * (kHalfTurn - from.lon) / (to.lon - from.lon)});
  }
  return clipped;
}

Ring Shifted(const Ring& ring, int64_t lon) {
  Ring shifted;
  for (const Point& point : ring.points()) shifted.Add({point.lon + lon, point.lat});
  return shifted;
}

void SetBounds(Footprint* footprint) {
  const auto by_lon = [](const Point& a, const Point& b) { return a.lon < b.lon; };
  const auto by_lat = [](const Point& a, const Point& b) { return a.lat < b.lat; };
  const auto first = footprint->rings[0].points();
  const auto last = footprint->kind == Footprint::Kind::kMultiPolygon ? footprint->rings[1].points() : first;
  footprint->west = std::min_element(first.begin(), first.end(), by_lon)->lon;
  footprint->east = std::max_element(last.begin(), last.end(), by_lon)->lon;
  footprint->south = std::min(std::min_element(first.begin(), first.end(), by_lat)->lat,
                              std::min_element(last.begin(), last.end(), by_lat)->lat);
  footprint->north = std::max(std::max_element(first.begin(), first.end(), by_lat)->lat,
                              std::max_element(last.begin(), last.end(), by_lat)->lat);
}

Footprint SplitFootprint(Random* random) {
  const bool south = random->InTenThousand(6'000);
  const int64_t lat =
      south ? random->Between(-82 * kDegree, -66 * kDegree) : random->Between(60 * kDegree, 76 * kDegree);
  const Rectangle rectangle = RotatedRectangle(lat, random);
  Footprint footprint{.kind = Footprint::Kind::kMultiPolygon};
  // Near enough that a good part lies on either side.
  footprint.centre = {kHalfTurn + random->Between(-rectangle.reach / 3, rectangle.reach / 3), lat};
  Ring whole;
  for (const Point& corner : rectangle.corners)
    whole.Add({footprint.centre.lon + corner.lon, lat + corner.lat});
  footprint.rings[0] = ClipAtAntimeridian(whole.points(), 1);
  footprint.rings[1] = Shifted(ClipAtAntimeridian(whole.points(), -1), -2 * kHalfTurn);
  if (footprint.centre.lon > kHalfTurn) footprint.centre.lon -= 2 * kHalfTurn;
  SetBounds(&footprint);
  return footprint;
}

// A ring that goes once around in longitude.
Footprint PolarFootprint(Random* random) {
  const int64_t pole = random->InTenThousand(5'000) ? 90 * kDegree : -90 * kDegree;
  const int64_t eastwards = pole > 0 ? 1 : -1;  // counterclockwise as seen from above the pole
  const int64_t start = random->Between(-kHalfTurn, kHalfTurn - 1);
  Footprint footprint{.centre = {0, pole}};
  for (int i = 0; i < 8; ++i) {
    int64_t lon = start + eastwards * i * 45 * kDegree;
    if (lon >= kHalfTurn) lon -= 2 * kHalfTurn;
    if (lon < -kHalfTurn) lon += 2 * kHalfTurn;
    const int64_t distance = random->Between(kDegree / 2, 4 * kDegree);
    footprint.rings[0].Add({lon, pole - eastwards * distance});
  }
  SetBounds(&footprint);
  footprint.west = -kHalfTurn;
  footprint.east = kHalfTurn;
  (pole > 0 ? footprint.north : footprint.south) = pole;
  return footprint;
}

Footprint PlainFootprint(Random* random) {
  Footprint footprint{.centre = RandomCentre(random)};
  const Rectangle rectangle = RotatedRectangle(footprint.centre.lat, random);
  const int64_t limit = kHalfTurn - rectangle.reach;  // keeps clear of the antimeridian
  footprint.centre.lon = std::clamp(footprint.centre.lon, -limit, limit);
  for (const Point& corner : rectangle.corners) {
    footprint.rings[0].Add({footprint.centre.lon + corner.lon, footprint.centre.lat + corner.lat});
  }
  SetBounds(&footprint);
  return footprint;
}

}  // namespace

Footprint MakeFootprint(Random* random) {
  const uint64_t roll = random->Below(10'000);
  if (roll < kAcrossAntimeridian) return SplitFootprint(random);
  if (roll < kAcrossAntimeridian + kAroundPole) return PolarFootprint(random);
  Footprint footprint = PlainFootprint(random);
  if (roll < kAcrossAntimeridian + kAroundPole + kMissing) footprint.kind = Footprint::Kind::kNone;
  return footprint;
}

}  // namespace earthcatalog::synthetic
