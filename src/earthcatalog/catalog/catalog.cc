#include "earthcatalog/catalog/catalog.h"

#include <filesystem>
#include <map>
#include <set>

#include "earthcatalog/iceberg/sqlite_catalog.h"
#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::catalog {
namespace {

constexpr int kEpochYear = 1970;

// Tables written without grid properties (earthcatalog <= 0.6 could) are H3 at resolution 1, what that system
// assumed.
Result<grid::Config> GridOf(const iceberg::Table& table) {
  const auto& properties = table.properties();
  const auto get = [&](const char* name) {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string() : found->second;
  };
  grid::Config config;
  if (const std::string type = get(kGridTypeProperty); !type.empty()) config.type = type;
  config.boundaries_path = get(kGridBoundariesProperty);
  config.id_field = get(kGridIdFieldProperty);
  if (config.type != "h3") return config;
  config.resolution = 1;
  if (const std::string text = get(kGridResolutionProperty); !text.empty()) {
    if (text.size() > 2 || text.find_first_not_of("0123456789") != std::string::npos) {
      return CorruptError("the table property {} is '{}', not a resolution", kGridResolutionProperty, text);
    }
    config.resolution = std::stoi(text);
  }
  return config;
}

std::string Describe(const grid::Config& config) {
  if (config.type == "h3") return fmt::format("h3 resolution {}", config.resolution.value_or(1));
  return fmt::format("{} regions '{}' by field '{}'", config.type, config.boundaries_path, config.id_field);
}

grid::Config WithDefaults(grid::Config config) {
  if (config.type == "h3" && !config.resolution) config.resolution = 1;
  return config;
}

// A resolution that the caller leaves open is the table's.
Status CheckSameGrid(grid::Config wanted, const grid::Config& table) {
  if (wanted.type == table.type && !wanted.resolution) wanted.resolution = table.resolution;
  if (wanted == table) return Status::OK();
  return UsageError("the table's grid is {}, not {}; leave the grid out to use the table's", Describe(table),
                    Describe(wanted));
}

std::map<std::string, std::string> InitialProperties(const grid::Config& grid,
                                                     const io::Location& warehouse) {
  std::map<std::string, std::string> properties = {
      {kGridTypeProperty, grid.type},
      {kHashIndexProperty, warehouse.WithSuffix("_id_hashes.parquet").uri},
      {"write.data.path", warehouse.uri},
      {"write.metadata.previous-versions-max", "100"},
      {"write.metadata.delete-after-commit.enabled", "true"},
      {"write.parquet.compression-codec", "zstd"},
  };
  if (grid.resolution) properties[kGridResolutionProperty] = std::to_string(*grid.resolution);
  if (!grid.boundaries_path.empty()) properties[kGridBoundariesProperty] = grid.boundaries_path;
  if (!grid.id_field.empty()) properties[kGridIdFieldProperty] = grid.id_field;
  return properties;
}

}  // namespace

Result<Locations> Locations::FromBase(const std::string& base) {
  ARROW_ASSIGN_OR_RAISE(const io::Location location, io::Resolve(base));
  if (!location.local) {
    return Status::NotImplemented("a catalogue in object storage is not available yet: ", location.uri);
  }
  Locations locations{location.Join("earthcatalog.db").path, location.Join("warehouse").path};
  std::error_code ignored;
  const std::string old_name = location.Join("catalog.db").path;
  if (!std::filesystem::exists(locations.db_path, ignored) && std::filesystem::exists(old_name, ignored)) {
    locations.db_path = old_name;
  }
  return locations;
}

Result<std::unique_ptr<Catalog>> Catalog::Open(const Locations& locations) {
  std::unique_ptr<Catalog> catalog(new Catalog());
  catalog->locations_ = locations;
  ARROW_ASSIGN_OR_RAISE(catalog->warehouse_, io::Resolve(locations.warehouse));
  ARROW_ASSIGN_OR_RAISE(auto store, iceberg::OpenSqliteCatalog(locations.db_path, /*create=*/false));
  ARROW_ASSIGN_OR_RAISE(catalog->table_, iceberg::Table::Load(std::move(store)));
  ARROW_ASSIGN_OR_RAISE(catalog->grid_, GridOf(*catalog->table_));
  return catalog;
}

Result<std::unique_ptr<Catalog>> Catalog::OpenOrCreate(const Locations& locations,
                                                       const std::optional<grid::Config>& grid) {
  // A grid that cannot be built must not leave a table behind.
  const grid::Config wanted = WithDefaults(grid.value_or(grid::Config{}));
  ARROW_RETURN_NOT_OK(grid::MakePartitioner(wanted));
  std::unique_ptr<Catalog> catalog(new Catalog());
  catalog->locations_ = locations;
  ARROW_ASSIGN_OR_RAISE(catalog->warehouse_, io::Resolve(locations.warehouse));
  ARROW_RETURN_NOT_OK(io::CheckWritable(catalog->warehouse_));
  ARROW_ASSIGN_OR_RAISE(auto store, iceberg::OpenSqliteCatalog(locations.db_path, /*create=*/true));
  ARROW_ASSIGN_OR_RAISE(const auto current, store->CurrentMetadata());
  if (current) {
    ARROW_ASSIGN_OR_RAISE(catalog->table_, iceberg::Table::Load(std::move(store)));
    ARROW_ASSIGN_OR_RAISE(catalog->grid_, GridOf(*catalog->table_));
    if (grid) ARROW_RETURN_NOT_OK(CheckSameGrid(*grid, catalog->grid_));
    return catalog;
  }
  catalog->grid_ = wanted;
  iceberg::CreateOptions options;
  options.table_location = catalog->warehouse_.Join("earthcatalog/stac_items").uri;
  options.schema = item::InitialSchema();
  options.properties = InitialProperties(catalog->grid_, catalog->warehouse_);
  ARROW_ASSIGN_OR_RAISE(catalog->table_, iceberg::Table::Create(std::move(store), options));
  return catalog;
}

Result<std::vector<PartitionStats>> Catalog::Stats() const {
  std::map<iceberg::Partition, PartitionStats> by_partition;
  ARROW_RETURN_NOT_OK(table_->ScanFiles(std::nullopt, nullptr, [&](const iceberg::DataFile& file) {
    PartitionStats& stats = by_partition[file.partition];
    stats.row_count += file.record_count;
    stats.file_count += 1;
    stats.total_bytes += file.file_size;
    return Status::OK();
  }));
  std::vector<PartitionStats> result;
  result.reserve(by_partition.size());
  for (auto& [partition, stats] : by_partition) {
    stats.grid_partition = partition.grid_partition.value_or("");
    if (partition.year) stats.year = *partition.year + kEpochYear;
    result.push_back(std::move(stats));
  }
  return result;
}

Result<Info> Catalog::GetInfo() const {
  ARROW_ASSIGN_OR_RAISE(const std::vector<PartitionStats> partitions, Stats());
  Info info;
  info.db_path = locations_.db_path;
  info.warehouse = warehouse_.uri;
  info.metadata_location = table_->metadata_location();
  info.table_uuid = table_->uuid();
  info.grid_type = grid_.type;
  info.grid_resolution = grid_.resolution;
  info.snapshot_count = static_cast<int64_t>(table_->snapshots().size());
  if (const auto current = table_->current_snapshot()) info.current_snapshot_id = current->id;
  info.column_count = table_->schema()->num_fields();
  std::set<std::string> cells;
  for (const PartitionStats& partition : partitions) {
    info.row_count += partition.row_count;
    info.file_count += partition.file_count;
    info.total_bytes += partition.total_bytes;
    cells.insert(partition.grid_partition);
    if (!partition.year) continue;
    if (!info.first_year || *partition.year < *info.first_year) info.first_year = partition.year;
    if (!info.last_year || *partition.year > *info.last_year) info.last_year = partition.year;
  }
  info.cell_count = static_cast<int64_t>(cells.size());
  return info;
}

}  // namespace earthcatalog::catalog
