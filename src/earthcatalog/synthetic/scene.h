// What a made-up item is about, before it is put into JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/synthetic/footprint.h"

namespace earthcatalog::synthetic {

enum class Family { kLandsat, kSentinel1, kSentinel2 };

struct Platform {
  std::string_view name;
  std::string_view prefix;  // of scene names
  Family family;
  std::string_view constellation;
  std::string_view instruments;  // a JSON array
  int gsd;                       // metres
  int first_year, last_year;
  uint64_t weight;
};

// Either the ice velocity between two scenes or one optical scene. Times are microseconds since 1970 (UTC).
struct Scene {
  const Platform* platform;
  bool is_velocity;
  Footprint footprint;
  std::optional<int64_t> datetime;
  std::optional<int64_t> start, end;
  int64_t created, updated;
  int year;                      // of the datetime it has or would have
  std::string scene_1, scene_2;  // scene_2 only for velocities
  std::string id;                // ends in _N and the index
};

Scene MakeScene(uint64_t index, Random* random);

}  // namespace earthcatalog::synthetic
