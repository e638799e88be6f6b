// A made-up archive for trying things out without a network: STAC items as a real ice-velocity or optical
// archive has them, and their inventory. One seed, one result, byte for byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/status.h"

namespace earthcatalog::synthetic {

struct ArchiveOptions {
  uint64_t items = 5000;
  uint64_t seed = 1;
};

// The JSON text and object key of item `index`, whatever `options.items` is. Polar-heavy footprints, several
// platforms, some MultiPolygons across the antimeridian, some without datetime, a few around a pole.
struct SyntheticItem {
  std::string key;
  std::string json;
  int64_t last_modified;  // microseconds since 1970, as the inventory says it
};
SyntheticItem MakeItem(const ArchiveOptions& options, uint64_t index);

inline constexpr char kBucket[] = "synthetic-archive";

// Writes <directory>/<bucket>/<key> for every item and <directory>/inventory.csv (bucket, key, size,
// last_modified_date; RFC 4180). Existing files are replaced. After an error, or when `cancel` is stopped,
// some items may be there, the inventory is not.
Status WriteArchive(const ArchiveOptions& options, const std::string& directory, const CancelSource& cancel);

// Writes the same <directory>/inventory.csv and no item: for who makes the items when they are asked for.
Status WriteInventory(const ArchiveOptions& options, const std::string& directory,
                      const CancelSource& cancel);

// The item that has the key, whatever the archive's size is; nothing when none has.
std::optional<SyntheticItem> FindItem(const ArchiveOptions& options, std::string_view key);

}  // namespace earthcatalog::synthetic
