#include "earthcatalog/grid/partitioner.h"

#include "earthcatalog/base/text.h"
#include "earthcatalog/grid/h3_partitioner.h"
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

}  // namespace

Result<Config> Settle(Config config) {
  Config settled;
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
  if (config.type == "h3") return MakeH3Partitioner(config.resolution.value_or(kDefaultH3Resolution));
  if (config.type == "geojson") return MakeRegionPartitioner(config.boundaries_path, config.id_field);
  if (config.type == kCustomType)
    return UsageError("the grid is {}: only run(partitioner=…) with an object of it can use this table",
                      config.class_name.empty() ? "a Python class" : Describe(config));
  if (config.type == "s2")
    return UsageError("The grid type 's2' is not available yet; supported: h3, geojson");
  return UsageError("Unknown grid type '{}'; supported: h3, geojson", OneLine(config.type));
}

}  // namespace earthcatalog::grid
