// Inventory rows that did not become items, kept in <warehouse>_failed/ until a later run takes them up
// again.
#pragma once

#include <string>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::pipeline {

struct QuarantinedRow {
  std::string bucket;
  std::string key;
  std::string kind;     // the named error: "not_found", "invalid_json", …
  std::string message;  // one line
  int64_t timestamp;    // when, microseconds UTC
};

// The folder beside `warehouse`.
io::Location QuarantineFolder(const io::Location& warehouse);

// One Parquet file: bucket, key, error ("kind: message"), kind, timestamp. Atomic. Returns its location.
Result<io::Location> WriteQuarantine(const io::Location& warehouse, const std::vector<QuarantinedRow>& rows);

// All files there are, oldest first. An absent folder has none.
Result<std::vector<io::Location>> ListQuarantine(const io::Location& warehouse);

}  // namespace earthcatalog::pipeline
