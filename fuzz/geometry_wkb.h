// The inverse of ParseWkb, for a geometry in memory.
#pragma once

#include <string>
#include <vector>

#include "earthcatalog/base/wkb.h"

namespace earthcatalog::fuzz {

// Groups each shell with its holes; other parts stand alone. [begin, end) of the geometry's parts.
struct PartGroup {
  size_t begin, end;
};
inline std::vector<PartGroup> GroupsOf(const Geometry& geometry) {
  std::vector<PartGroup> groups;
  for (size_t k = 0; k < geometry.parts.size(); ++k) {
    if (geometry.parts[k].kind == GeometryPart::Kind::kHole && !groups.empty())
      groups.back().end = k + 1;
    else
      groups.push_back({k, k + 1});
  }
  return groups;
}

// Members of a collection are the simplest types that hold their parts. Z is the number of the position.
class GeometryWriter {
 public:
  std::string Write(const Geometry& geometry) {
    const std::vector<GeometryPart>& parts = geometry.parts;
    has_z_ = geometry.has_z;
    writer_.Header(geometry.type, has_z_);
    switch (geometry.type) {
      case GeometryType::kPoint:
        AddPosition(parts.at(0).positions.at(0));
        break;
      case GeometryType::kLineString:
        if (parts.empty()) AddCount(0);
        for (const GeometryPart& part : parts) Positions(part);
        break;
      case GeometryType::kPolygon:
        Rings(parts, {0, parts.size()});
        break;
      case GeometryType::kMultiPoint:
        if (parts.empty()) AddCount(0);
        for (const GeometryPart& part : parts) Points(part);
        break;
      default:
        Members(geometry);
    }
    return std::move(wkb_);
  }

 private:
  void Members(const Geometry& geometry) {
    const std::vector<PartGroup> groups = GroupsOf(geometry);
    AddCount(groups.size());
    for (const PartGroup& group : groups) {
      const GeometryPart& first = geometry.parts[group.begin];
      if (first.kind == GeometryPart::Kind::kPoints) {
        writer_.Header(GeometryType::kMultiPoint, has_z_);
        Points(first);
      } else if (first.kind == GeometryPart::Kind::kLine) {
        writer_.Header(GeometryType::kLineString, has_z_);
        Positions(first);
      } else {
        writer_.Header(GeometryType::kPolygon, has_z_);
        Rings(geometry.parts, group);
      }
    }
  }
  void Points(const GeometryPart& part) {
    AddCount(part.positions.size());
    for (const Position& position : part.positions) {
      writer_.Header(GeometryType::kPoint, has_z_);
      AddPosition(position);
    }
  }
  void Rings(const std::vector<GeometryPart>& parts, PartGroup group) {
    AddCount(group.end - group.begin);
    for (size_t k = group.begin; k < group.end; ++k) Positions(parts[k]);
  }
  void Positions(const GeometryPart& part) {
    AddCount(part.positions.size());
    for (const Position& position : part.positions) AddPosition(position);
  }
  void AddCount(size_t count) { writer_.SetCount(writer_.Count(), static_cast<uint32_t>(count)); }
  void AddPosition(const Position& position) {
    writer_.Double(position.lon);
    writer_.Double(position.lat);
    if (has_z_) writer_.Double(z_++);
  }

  std::string wkb_;
  WkbWriter writer_{&wkb_};
  bool has_z_ = false;
  double z_ = 0;
};

inline std::string WkbOf(const Geometry& geometry) { return GeometryWriter().Write(geometry); }

}  // namespace earthcatalog::fuzz
