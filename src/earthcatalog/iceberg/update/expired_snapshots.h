// Which snapshots of a table may go.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "earthcatalog/iceberg/metadata.h"

namespace earthcatalog::iceberg {

struct Expired {
  std::set<int64_t> snapshots;
  std::set<std::string> refs;
};

// What the specification's retention of snapshots says at the instant `now_ms`. Main never goes as a ref, nor
// does the current snapshot. Of a branch, the snapshots from its newest on stay until one is both older than
// the age and beyond the count; those that no ref leads to stay while they are young. `older_than_ms` and
// `keep_last` take the place of what table and branches state, but for counts and ages that a branch states
// for itself.
Expired FindExpired(const TableMetadata& metadata, int64_t now_ms, std::optional<int64_t> older_than_ms,
                    std::optional<int> keep_last);

}  // namespace earthcatalog::iceberg
