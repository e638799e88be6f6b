// A geometry made ready for the grid: checked, in radians, with longitudes that run on over the antimeridian.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "earthcatalog/base/envelope.h"
#include "earthcatalog/base/status.h"
#include "earthcatalog/base/wkb.h"

namespace earthcatalog::grid {

// An error for a position that is not on Earth: other units or another coordinate system, most likely.
Status CheckOnEarth(const Position& position);

struct Vertex {
  double lon, lat;  // radians; the longitude goes on beyond ±180 degrees where the edge does
};

struct FootprintPart {
  GeometryPart::Kind kind = GeometryPart::Kind::kPoints;
  size_t begin = 0, end = 0;  // of the footprint's vertices; rings are closed
  double min_lon = 0, max_lon = 0;
  // Rings: as EdgeFollower says.
  int turns = 0;
  bool encloses_north = false;
};

// Reused from item to item, so that it does not allocate. Not thread-safe.
class Footprint {
 public:
  // Longitudes mean what EdgeFollower (base/envelope.h) says, with the bbox that the item states. An error
  // for positions that are not on Earth; the footprint is to be used only after success.
  Status Set(const Geometry& geometry, std::optional<LongitudeBounds> bbox);

  const std::vector<FootprintPart>& parts() const { return parts_; }
  std::span<const Vertex> vertices(const FootprintPart& part) const {
    return {vertices_.data() + part.begin, part.end - part.begin};
  }

  size_t vertex_count() const { return vertices_.size(); }

  // Whether a point is inside the shell and in none of the holes that follow it. Points on an edge may count
  // as either. A shell's doubly enclosed areas are inside, a hole's are not in the hole.
  bool Contains(size_t shell, double lon, double lat) const;

 private:
  Status Append(const GeometryPart& part, std::optional<LongitudeBounds> bbox);
  int Crossings(const FootprintPart& ring, double lon, double lat, bool northward) const;
  template <typename Inside>
  bool RingContains(const FootprintPart& ring, double lon, double lat, Inside inside) const;

  std::vector<Vertex> vertices_;
  std::vector<FootprintPart> parts_;
};

}  // namespace earthcatalog::grid
