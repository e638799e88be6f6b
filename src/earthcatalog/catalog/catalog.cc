#include "earthcatalog/catalog/catalog.h"

#include <filesystem>
#include <map>
#include <set>

#include "earthcatalog/iceberg/sqlite_catalog.h"
#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::catalog {
namespace {

constexpr char kDataPathProperty[] = "write.data.path";

Result<io::Location> ResolveLocal(std::string_view what, const std::string& path_or_uri) {
  if (io::IsObjectStore(path_or_uri)) {
    return UsageError("a {} in object storage is not available yet: {}", what,
                      io::NameForMessages(path_or_uri));
  }
  return io::Resolve(path_or_uri);
}

bool IsSamePlace(const io::Location& a, const io::Location& b) {
  if (a.uri == b.uri) return true;
  std::error_code error_a, error_b;  // behind symbolic links
  const auto real_a = std::filesystem::weakly_canonical(a.path, error_a);
  const auto real_b = std::filesystem::weakly_canonical(b.path, error_b);
  return a.local && b.local && !error_a && !error_b && real_a == real_b;
}

// Data of one table in two warehouses would be hard to find, and hard to move. Other writers' tables need not
// name theirs.
Status CheckSameWarehouse(const io::Location& wanted, const iceberg::Table& table) {
  const auto named = table.properties().find(kDataPathProperty);
  if (named == table.properties().end()) return Status::OK();
  const bool stored = io::IsObjectStore(named->second);
  if (!stored) {
    ARROW_ASSIGN_OR_RAISE(const io::Location own, io::Resolve(named->second));
    if (IsSamePlace(own, wanted)) return Status::OK();
  }
  return UsageError("the table's warehouse is {}, not {}", io::NameForMessages(named->second), wanted.uri);
}

std::map<std::string, std::string> InitialProperties(const grid::Config& grid,
                                                     const io::Location& warehouse) {
  std::map<std::string, std::string> properties = {
      {kHashIndexProperty, warehouse.WithSuffix("_id_hashes.parquet").uri},
      {kDataPathProperty, warehouse.uri},
      {"write.metadata.previous-versions-max", "100"},
      {"write.metadata.delete-after-commit.enabled", "true"},
      {"write.parquet.compression-codec", "zstd"},
  };
  properties.merge(GridProperties(grid));
  return properties;
}

Status CreateTable(std::shared_ptr<iceberg::CatalogStore> store, const io::Location& warehouse,
                   const grid::Config& grid) {
  iceberg::CreateOptions options;
  options.table_location = warehouse.Join("earthcatalog/stac_items").uri;
  options.schema = item::InitialSchema();
  options.properties = InitialProperties(grid, warehouse);
  return iceberg::Table::Create(std::move(store), options).status();
}

}  // namespace

Result<Locations> Locations::FromBase(const std::string& base) {
  ARROW_ASSIGN_OR_RAISE(const io::Location location, ResolveLocal("catalogue", base));
  std::error_code no_file;
  if (std::filesystem::is_regular_file(location.path, no_file)) {
    return UsageError("{} is a file: give the folder it lies in, or --catalog and --warehouse",
                      io::NameForMessages(base));
  }
  Locations locations{location.Join("earthcatalog.db").path, location.Join("warehouse").path};
  std::error_code ignored;
  const std::string old_name = location.Join("catalog.db").path;
  if (!std::filesystem::exists(locations.db_path, ignored) && std::filesystem::exists(old_name, ignored)) {
    locations.db_path = old_name;
  }
  return locations;
}

Result<io::Location> Locations::LockFolder() const {
  ARROW_ASSIGN_OR_RAISE(const io::Location place, ResolveLocal("warehouse", warehouse));
  return io::Resolve(std::filesystem::path(place.path).parent_path().string());
}

Result<std::unique_ptr<Catalog>> Catalog::At(const Locations& locations) {
  std::unique_ptr<Catalog> catalog(new Catalog());
  ARROW_ASSIGN_OR_RAISE(catalog->db_, ResolveLocal("catalog file", locations.db_path));
  ARROW_ASSIGN_OR_RAISE(catalog->warehouse_, ResolveLocal("warehouse", locations.warehouse));
  return catalog;
}

Result<TableGrid> Catalog::Load(std::shared_ptr<iceberg::CatalogStore> store) {
  ARROW_ASSIGN_OR_RAISE(table_, iceberg::Table::Load(std::move(store)));
  ARROW_RETURN_NOT_OK(CheckSameWarehouse(warehouse_, *table_));
  ARROW_ASSIGN_OR_RAISE(const TableGrid found, FindGrid(*table_));
  grid_ = found.config;
  grid_recorded_ = found.recorded;
  return found;
}

Result<std::unique_ptr<Catalog>> Catalog::Open(const Locations& locations) {
  ARROW_ASSIGN_OR_RAISE(auto catalog, At(locations));
  ARROW_ASSIGN_OR_RAISE(auto store, iceberg::OpenSqliteCatalog(catalog->db_.path, /*create=*/false));
  ARROW_RETURN_NOT_OK(catalog->Load(std::move(store)).status());
  return catalog;
}

Result<std::unique_ptr<Catalog>> Catalog::OpenOrCreate(const Locations& locations,
                                                       const std::optional<grid::Config>& grid,
                                                       std::shared_ptr<const grid::Partitioner> partitioner) {
  // A grid that cannot be built must not leave a table behind.
  ARROW_ASSIGN_OR_RAISE(const grid::Config wanted, grid::Settle(grid.value_or(grid::Config{})));
  if (partitioner == nullptr) {
    ARROW_ASSIGN_OR_RAISE(partitioner, grid::MakePartitioner(wanted));
  }
  ARROW_ASSIGN_OR_RAISE(auto catalog, At(locations));
  ARROW_RETURN_NOT_OK(io::CheckWritable(catalog->warehouse_));
  ARROW_ASSIGN_OR_RAISE(auto store, iceberg::OpenSqliteCatalog(catalog->db_.path, /*create=*/true));
  ARROW_ASSIGN_OR_RAISE(const auto current, store->CurrentMetadata());
  if (!current) {
    // Somebody else may create it now: then theirs is the table.
    const Status created = CreateTable(store, catalog->warehouse_, wanted);
    if (!created.ok() && KindOf(created) != ErrorKind::kCommitConflict) return created;
  }
  ARROW_ASSIGN_OR_RAISE(const TableGrid found, catalog->Load(std::move(store)));
  ARROW_ASSIGN_OR_RAISE(catalog->grid_, ChooseGrid(grid, found));
  if (catalog->grid_ == wanted) catalog->partitioner_ = std::move(partitioner);
  return catalog;
}

Result<std::shared_ptr<const grid::Partitioner>> Catalog::Partitioner() const {
  if (partitioner_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(partitioner_, grid::MakePartitioner(grid_));
  }
  return partitioner_;
}

std::map<std::string, std::string> Catalog::UnrecordedGrid() const {
  return grid_recorded_ ? std::map<std::string, std::string>() : GridProperties(grid_);
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
    stats.year = partition.calendar_year();
    result.push_back(std::move(stats));
  }
  return result;
}

Result<Info> Catalog::GetInfo() const {
  ARROW_ASSIGN_OR_RAISE(const std::vector<PartitionStats> partitions, Stats());
  Info info;
  info.db_path = db_.path;
  info.warehouse = warehouse_.uri;
  info.metadata_location = table_->metadata_location();
  info.table_uuid = table_->uuid();
  info.grid_type = grid_.type;
  info.grid_resolution = grid_.resolution;
  info.grid_recorded = grid_recorded_;
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
