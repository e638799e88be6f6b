// Which data files can hold items of a region and time, from partitions and bounds in the manifests alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/catalog/catalog.h"

namespace earthcatalog::rows {

// Degrees; west <= east.
struct Box {
  double west, south, east, north;
};

struct PrunedFiles {
  std::vector<std::string> files;  // URIs
  int64_t total_files = 0;         // of the table
};

// Files of the cells that `box` touches and of the years [first_year, last_year]; files of unknown year are
// kept.
Result<PrunedFiles> PruneFiles(const catalog::Catalog& catalog, const Box& box, int first_year,
                               int last_year);

}  // namespace earthcatalog::rows
