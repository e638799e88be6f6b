#include "earthcatalog/base/envelope.h"

#include <algorithm>
#include <cmath>

namespace earthcatalog {
namespace {

// What a bbox of single-precision floats may miss.
constexpr double kBboxSlack = 1e-5;

using Kind = GeometryPart::Kind;

bool IsOnEarth(const GeometryBounds& bounds) {
  return bounds.xmin >= -kFarthestLongitude && bounds.xmax <= kFarthestLongitude &&
         bounds.ymin >= -90 - kLatitudeSlack && bounds.ymax <= 90 + kLatitudeSlack;
}

// What a line or ring adds to the bounds of its coordinates.
void Widen(const GeometryPart& part, std::optional<LongitudeBounds> stated, bool* crosses,
           Envelope* envelope) {
  EdgeFollower edges(stated);
  for (const Position& position : part.positions) *crosses = edges.Follow(position) != 0 || *crosses;
  if (part.kind != Kind::kShell) return;
  const Position &first = part.positions.front(), &last = part.positions.back();
  if (first.lon != last.lon || first.lat != last.lat) *crosses = edges.Follow(first) != 0 || *crosses;
  if (edges.turns() == 0) return;
  if (edges.encloses_north()) {
    envelope->ymax = std::max(envelope->ymax, 90.0);
  } else {
    envelope->ymin = std::min(envelope->ymin, -90.0);
  }
}

}  // namespace

double EdgeFollower::TurnAfter(double from, double to) const {
  const double extent = std::abs(to - from);
  if (extent <= 180 || extent >= 360) return 0;
  const bool meant = stated_ && stated_->west <= stated_->east &&
                     stated_->west <= std::min(from, to) + kBboxSlack &&
                     stated_->east >= std::max(from, to) - kBboxSlack;
  if (meant) return 0;
  return to > from ? -360 : 360;
}

double EdgeFollower::Follow(const Position& position) {
  if (last_) {
    turned_ += TurnAfter(*last_, position.lon);
    latitudes_ += std::clamp(position.lat, -90.0, 90.0);
  }
  last_ = position.lon;
  return turned_;
}

bool IsPlain(const GeometryBounds& bounds) {
  return bounds.xmin >= -180 && bounds.xmax <= 180 && bounds.xmax - bounds.xmin <= 180;
}

Envelope EnvelopeOf(std::string_view wkb, const GeometryBounds& bounds,
                    std::optional<LongitudeBounds> stated) {
  Envelope envelope = {bounds.xmin, bounds.ymin, bounds.xmax, bounds.ymax};
  if (IsPlain(bounds) || !IsOnEarth(bounds)) return envelope;
  const auto geometry = ParseWkb(wkb);
  if (!geometry.ok()) return envelope;  // it has a coordinate that is not a number: no edges to follow
  bool crosses = bounds.xmin < -180 || bounds.xmax > 180;
  for (const GeometryPart& part : geometry->parts) {
    if (part.kind != Kind::kPoints && !part.positions.empty()) Widen(part, stated, &crosses, &envelope);
  }
  if (crosses) {
    envelope.xmin = std::min(envelope.xmin, -180.0);
    envelope.xmax = std::max(envelope.xmax, 180.0);
  }
  return envelope;
}

}  // namespace earthcatalog
