#include "earthcatalog/grid/partitioner.h"

#include "earthcatalog/grid/h3_partitioner.h"

namespace earthcatalog::grid {
namespace {

constexpr int kDefaultH3Resolution = 1;

}  // namespace

// A new kind of grid is one file with its Make function, and one line here.
Result<std::shared_ptr<const Partitioner>> MakePartitioner(const Config& config) {
  if (config.type == "h3") return MakeH3Partitioner(config.resolution.value_or(kDefaultH3Resolution));
  if (config.type == "geojson" || config.type == "s2")
    return UsageError("The grid type '{}' is not available yet; supported: h3", config.type);
  return UsageError("Unknown grid type '{}'; supported: h3", config.type);
}

}  // namespace earthcatalog::grid
