#include "earthcatalog/grid/partitioner.h"

#include <arrow/builder.h>

#include "earthcatalog/base/text.h"
#include "earthcatalog/grid/h3_partitioner.h"
#include "earthcatalog/grid/limited_partitioner.h"
#include "earthcatalog/grid/region_partitioner.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::grid {
namespace {

constexpr int kDefaultH3Resolution = 1;

// URLs stay as they are: to resolve one may take a request.
Result<std::string> AbsolutePath(const std::string& path) {
  const bool is_url = path.find("://") != std::string::npos && !path.starts_with("file:");
  if (path.empty() || is_url) return path;
  ARROW_ASSIGN_OR_RAISE(io::Location location, io::Resolve(path));
  return location.path;
}

Status CheckMaxCells(int64_t max_cells) {
  if (0 <= max_cells && max_cells <= static_cast<int64_t>(kMostCellsPerItem)) return Status::OK();
  return UsageError("max_cells is a number of cells up to {}, or 0 for no limit, not {}", kMostCellsPerItem,
                    max_cells);
}

}  // namespace

Result<std::optional<std::set<std::string>>> Partitioner::NamesToLookInto(std::string_view region) const {
  arrow::BinaryBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Append(region));
  std::shared_ptr<arrow::BinaryArray> geometry;
  ARROW_RETURN_NOT_OK(builder.Finish(&geometry));
  ARROW_ASSIGN_OR_RAISE(const CellAssignments touched, Assign(*geometry, nullptr));
  if (!touched.rejected.empty()) return Status::Invalid(touched.rejected.front().reason);
  std::set<std::string> names;
  for (const CellId cell : touched.cells) names.insert(Name(cell));
  // Of a region that lies in cells partly, the rest is in none: items there are in none, too.
  names.insert(kNoCellName);
  return names;
}

Result<Config> Settle(Config config) {
  if (!config.max_cells) config.max_cells = kDefaultMaxCells;
  ARROW_RETURN_NOT_OK(CheckMaxCells(*config.max_cells));
  Config settled;
  settled.max_cells = config.max_cells;
  settled.type = config.type;
  if (config.type == "h3") {
    settled.resolution = config.resolution.value_or(kDefaultH3Resolution);
  } else if (config.type == "geojson") {
    ARROW_ASSIGN_OR_RAISE(settled.boundaries_path, AbsolutePath(config.boundaries_path));
    settled.id_field = config.id_field;
  } else {
    return config;
  }
  return settled;
}

std::string Describe(const Config& config) {
  if (config.type == "h3") return fmt::format("h3 resolution {}", config.resolution.value_or(1));
  if (config.type == "geojson")
    return fmt::format("the regions of {} by '{}'", io::NameForMessages(config.boundaries_path),
                       OneLine(config.id_field));
  if (config.type == kCustomType) return fmt::format("the Python class {}", OneLine(config.class_name));
  return fmt::format("'{}'", OneLine(config.type));
}

// A new kind of grid is one file with its Make function, and one line here.
Result<std::shared_ptr<const Partitioner>> MakePartitioner(const Config& config) {
  const int64_t max_cells = config.max_cells.value_or(0);
  ARROW_RETURN_NOT_OK(CheckMaxCells(max_cells));
  if (config.type == "h3")
    return MakeH3Partitioner(config.resolution.value_or(kDefaultH3Resolution), max_cells);
  if (config.type == "geojson") {
    ARROW_ASSIGN_OR_RAISE(auto regions, MakeRegionPartitioner(config.boundaries_path, config.id_field));
    return WithLimit(std::move(regions), max_cells);
  }
  if (config.type == kCustomType)
    return UsageError("the grid is {}: only run(partitioner=…) with an object of it can use this table",
                      config.class_name.empty() ? "a Python class" : Describe(config));
  if (config.type == "s2")
    return UsageError("The grid type 's2' is not available yet; supported: h3, geojson");
  return UsageError("Unknown grid type '{}'; supported: h3, geojson", OneLine(config.type));
}

}  // namespace earthcatalog::grid
