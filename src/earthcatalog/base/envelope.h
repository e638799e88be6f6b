// What the longitudes of a footprint mean, and the box around it.
#pragma once

#include <optional>
#include <string_view>

#include "earthcatalog/base/wkb.h"

namespace earthcatalog {

// West and east as the item states them.
struct LongitudeBounds {
  double west, east;  // degrees
};

// Further around than any way of writing an antimeridian crossing needs: more likely another unit or another
// coordinate system.
inline constexpr double kFarthestLongitude = 540;
// Rounding at the pole (-90.00000000000001) is no error.
inline constexpr double kLatitudeSlack = 1e-9;

// Follows a line or a ring from position to position. The meaning of longitudes: an edge with
// 180 < |Δlon| < 360 crosses the antimeridian unless the item's bbox has west <= east and spans the edge; one
// with |Δlon| = 360 never does.
class EdgeFollower {
 public:
  explicit EdgeFollower(std::optional<LongitudeBounds> stated) : stated_(stated) {}

  // What to add to the longitude of the next position: whole turns, since it goes on beyond ±180 degrees
  // where the edge does. 0 for the first one.
  double Follow(const Position& position);

  // Of a ring, behind its last position, which is its first: how often it runs around the Earth, to the east.
  // Such a ring encloses the pole nearer its mean latitude.
  int turns() const { return static_cast<int>(turned_ / 360); }
  bool encloses_north() const { return latitudes_ >= 0; }

 private:
  double TurnAfter(double from, double to) const;

  const std::optional<LongitudeBounds> stated_;
  std::optional<double> last_;  // longitude
  double turned_ = 0;
  double latitudes_ = 0;  // the sum of them, the first one left out
};

struct Envelope {
  double xmin, ymin, xmax, ymax;  // degrees; never xmin > xmax or ymin > ymax
};

// Whether the bounds of a geometry's coordinates are the envelope of its footprint, whatever the item states:
// all is within ±180 degrees, and no edge can be long enough to go the other way around.
bool IsPlain(const GeometryBounds& bounds);

// The box that has all of a footprint in it for a reader that compares numbers, without an eye for the
// antimeridian: the bounds of the coordinates as they are written, exactly. From -180 to 180 it goes where
// the footprint crosses the antimeridian or runs around a pole, and to that pole. Where coordinates are
// beyond ±180 it holds both, -180 to 180 and the coordinates, since some readers normalise longitudes and
// others do not. What is not on Earth (another coordinate system, in the grids that take it) has the bounds
// of its coordinates. `bounds`: BoundsOfWkb(wkb), not empty.
Envelope EnvelopeOf(std::string_view wkb, const GeometryBounds& bounds,
                    std::optional<LongitudeBounds> stated);

}  // namespace earthcatalog
