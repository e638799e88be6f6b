// The configuration file (YAML). Every key is optional; an unknown one is an error that names it.
//
//   catalog: {db_path, warehouse}
//   grid: {type, resolution, boundaries_path, id_field, max_cells}
//   ingest: {chunk_size, max_workers, batch_add_files}
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "earthcatalog/base/status.h"
#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::jobs {

struct Config {
  std::optional<std::string> db_path;
  std::optional<std::string> warehouse;
  std::optional<grid::Config> grid;  // set when the file has a `grid` section
  std::optional<uint64_t> chunk_size;
  std::optional<int> max_in_flight;  // the key max_workers
  std::optional<bool> batch_add_files;
};

// Usage errors name the file, the line and the key.
Result<Config> LoadConfig(const std::string& path);

}  // namespace earthcatalog::jobs
