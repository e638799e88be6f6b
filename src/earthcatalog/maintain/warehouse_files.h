// The files that lie in a warehouse, whoever put them there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/io/location.h"

namespace earthcatalog::maintain {

struct WarehouseFile {
  std::string name;  // its path below the warehouse
  int64_t bytes = 0;
};

struct WarehouseFiles {
  std::vector<WarehouseFile> data;  // sorted by name
  int64_t hidden = 0, other = 0;    // how many are no data files
};

// Data files are those called *.parquet, at any depth. Passed over are hidden ones, of which a part of the
// path begins with `.` or `_` (what is being written, and other programs' notes), files with other names, and
// the tables' own folder, `earthcatalog`. One listing; memory: some 200 bytes for each file.
Result<WarehouseFiles> ListWarehouse(const io::Location& warehouse);

// The name below the warehouse of a file that a table's metadata names. Of a path that leads elsewhere, since
// the warehouse was moved or is reached by another way, it is what the path ends with: the folders of cell
// and year and the file's name; of any other path the path itself.
std::string NameInWarehouse(const io::Location& warehouse, std::string_view path);

}  // namespace earthcatalog::maintain
