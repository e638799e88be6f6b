// The demo's search: items of a box and a span of years, read from the files that pruning leaves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "earthcatalog/rows/prune.h"

namespace earthcatalog::cli {

struct FoundItem {
  std::string collection;
  std::string id;
  std::string platform;
  std::string datetime;  // RFC 3339
};

struct SampleSearch {
  std::vector<FoundItem> items;  // each (collection, id) once, sorted by datetime
  size_t files_read = 0;
  int64_t files_total = 0;
  double seconds = 0;
};

// Items whose bbox meets `box` and whose datetime is in [first_year, last_year], as far as they share a cell
// with the box: those that touch it do. Of an item ingested several times one version that matches.
Result<SampleSearch> SearchSample(const catalog::Catalog& catalog, const rows::Box& box, int first_year,
                                  int last_year);

}  // namespace earthcatalog::cli
