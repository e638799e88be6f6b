// The summary of a snapshot: what its commit did, and what the table holds behind it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::iceberg {

using Summary = std::map<std::string, std::string>;

// Files that a commit adds or takes out.
struct FileCounts {
  int64_t files = 0;
  int64_t records = 0;
  int64_t bytes = 0;
  std::set<Partition> partitions = {};

  void Add(const DataFile& file);
};

// `own`: the caller's entries. Totals are the parent's with what changed; one that the parent does not know
// is left out, since it cannot be known now; so is one that no number holds.
Summary MakeSummary(const char* operation, Summary own, const FileCounts& added, const FileCounts& removed,
                    const std::optional<Snapshot>& parent);

}  // namespace earthcatalog::iceberg
