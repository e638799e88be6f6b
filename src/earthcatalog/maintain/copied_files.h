// Files that have the same bytes as another one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::maintain {

struct ComparedFile {
  std::string uri;
  iceberg::Partition partition;
  int64_t bytes = 0, rows = 0;
  bool stays = false;  // is nobody's copy, whatever its bytes
};

// For each file the number of the one whose copy it is, if there is one: of several with the same bytes the
// first that stays, or else the first, is none. Files of other partitions, sizes or numbers of rows are not
// read; the others are once, by 128 bits of hash.
Result<std::vector<std::optional<size_t>>> FindCopies(const io::Location& warehouse,
                                                      const std::vector<ComparedFile>& files,
                                                      const CancelSource& cancel);

}  // namespace earthcatalog::maintain
