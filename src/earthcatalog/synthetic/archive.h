// A made-up archive for trying things out without a network: STAC items as a real ice-velocity or optical
// archive has them, and their inventory. One seed, one result, byte for byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog::synthetic {

struct ArchiveOptions {
  uint64_t items = 5000;
  uint64_t seed = 1;
  // All items in the 60 days before 2026-07-01 instead of spread over 1984-2026.
  bool recent_only = false;
};

// The JSON text and object key of item `index`, whatever `options.items` is. Polar-heavy footprints, several
// platforms, some MultiPolygons across the antimeridian, some without datetime, a few around a pole.
struct SyntheticItem {
  std::string key;
  std::string json;
  int64_t last_modified;  // microseconds since 1970, as the inventory says it
};
SyntheticItem MakeItem(const ArchiveOptions& options, uint64_t index);

// Which item has the key, for servers that make items when they are asked for; nothing for keys of another
// form.
std::optional<uint64_t> IndexOfKey(std::string_view key);

inline constexpr char kBucket[] = "synthetic-archive";

// Writes <directory>/<bucket>/<key> for every item and <directory>/inventory.csv (bucket, key, size,
// last_modified_date; RFC 4180). Existing files are replaced. After an error some items may be there, the
// inventory is not.
Status WriteArchive(const ArchiveOptions& options, const std::string& directory);

}  // namespace earthcatalog::synthetic
