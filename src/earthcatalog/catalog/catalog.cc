#include "earthcatalog/catalog/catalog.h"

#include <filesystem>
#include <map>
#include <set>

#include "earthcatalog/grid/limited_partitioner.h"
#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::catalog {

bool IsSamePlace(const io::Location& a, const io::Location& b) {
  if (a.uri == b.uri) return true;
  std::error_code error_a, error_b;  // behind symbolic links
  const auto real_a = std::filesystem::weakly_canonical(a.path, error_a);
  const auto real_b = std::filesystem::weakly_canonical(b.path, error_b);
  return a.local && b.local && !error_a && !error_b && real_a == real_b;
}

namespace {

constexpr char kTableFolder[] = "earthcatalog/stac_items";

// Data of one table in two warehouses would be hard to find, and hard to move. Other writers' tables need not
// name theirs.
Status CheckSameWarehouse(const io::Location& wanted, const iceberg::Table& table) {
  const auto named = table.properties().find(kDataPathProperty);
  if (named == table.properties().end()) return Status::OK();
  const auto own = wanted.Other(named->second);
  if (own.ok() && IsSamePlace(*own, wanted)) return Status::OK();
  return UsageError(
      "the table's warehouse is {}, not {}; after a move or a copy command `register` makes the table anew",
      io::NameForMessages(named->second), wanted.uri);
}

// Nobody could tell the files of two tables apart. A first version alone is what a killed run left.
Status CheckHoldsNoTable(const io::Location& warehouse) {
  const io::Location folder = warehouse.Join(kTableFolder).Join("metadata");
  arrow::fs::FileSelector selector;
  selector.base_dir = folder.path;
  selector.allow_not_found = true;
  const auto files = folder.fs->GetFileInfo(selector);
  if (!files.ok()) return Status::OK();  // who writes need not be allowed to list
  for (const arrow::fs::FileInfo& file : *files) {
    const std::string name = file.base_name();
    if (!name.ends_with(".metadata.json") || name.starts_with("00000-")) continue;
    return UsageError(
        "the warehouse {} holds a table already, which another catalog file names: give that file, or "
        "another warehouse",
        io::NameForMessages(warehouse.name()));
  }
  return Status::OK();
}

Status CreateTable(std::shared_ptr<iceberg::CatalogStore> store, const io::Location& warehouse,
                   const grid::Config& grid) {
  ARROW_RETURN_NOT_OK(CheckHoldsNoTable(warehouse));
  iceberg::CreateOptions options = NewTableIn(warehouse);
  options.schema = item::InitialSchema();
  options.properties.merge(GridProperties(grid));
  return iceberg::Table::Create(std::move(store), options).status();
}

}  // namespace

std::string PropertyOf(const std::map<std::string, std::string>& properties, const char* name) {
  const auto found = properties.find(name);
  return found == properties.end() ? std::string() : found->second;
}

iceberg::CreateOptions NewTableIn(const io::Location& warehouse) {
  iceberg::CreateOptions options;
  options.table_location = warehouse.Join(kTableFolder).uri;
  options.properties = {
      {kHashIndexProperty, warehouse.WithSuffix("_id_hashes.parquet").uri},
      {kDataPathProperty, warehouse.uri},
      {"write.metadata.previous-versions-max", "100"},
      {"write.metadata.delete-after-commit.enabled", "true"},
      {"write.parquet.compression-codec", "zstd"},
  };
  options.s3 = warehouse.s3;
  return options;
}

Status Catalog::Load(std::shared_ptr<iceberg::CatalogStore> store) {
  ARROW_ASSIGN_OR_RAISE(table_, iceberg::Table::Load(std::move(store), warehouse().s3));
  return CheckSameWarehouse(warehouse(), *table_);
}

Result<TableGrid> Catalog::Grid() const {
  if (!grid_) {
    ARROW_ASSIGN_OR_RAISE(grid_, FindGrid(*table_));
  }
  return *grid_;
}

Result<std::unique_ptr<Catalog>> Catalog::Open(const Paths& paths,
                                               std::shared_ptr<iceberg::ManifestCache> cache) {
  ARROW_ASSIGN_OR_RAISE(Places places, Places::Of(paths));
  ARROW_ASSIGN_OR_RAISE(auto store, places.OpenStore(/*create=*/false));
  std::unique_ptr<Catalog> catalog(new Catalog(std::move(places)));
  ARROW_RETURN_NOT_OK(catalog->Load(std::move(store)));
  catalog->table_->UseCache(std::move(cache));
  return catalog;
}

Result<std::unique_ptr<Catalog>> Catalog::OpenOrCreate(const Paths& paths,
                                                       const std::optional<grid::Config>& grid,
                                                       std::shared_ptr<const grid::Partitioner> custom) {
  // A grid that cannot be built must not leave a table behind.
  ARROW_ASSIGN_OR_RAISE(const grid::Config wanted, grid::Settle(grid.value_or(grid::Config{})));
  std::shared_ptr<const grid::Partitioner> made;
  if (custom == nullptr) {
    ARROW_ASSIGN_OR_RAISE(made, grid::MakePartitioner(wanted));
  }
  ARROW_ASSIGN_OR_RAISE(Places places, Places::Of(paths));
  ARROW_RETURN_NOT_OK(io::CheckWritable(places.warehouse));
  if (places.db.local) {  // opening makes the file
    ARROW_ASSIGN_OR_RAISE(const auto db, places.db.fs->GetFileInfo(places.db.path));
    if (!db.IsFile()) ARROW_RETURN_NOT_OK(CheckHoldsNoTable(places.warehouse));
  }
  ARROW_ASSIGN_OR_RAISE(auto store, places.OpenStore(/*create=*/true));
  std::unique_ptr<Catalog> catalog(new Catalog(std::move(places)));
  ARROW_ASSIGN_OR_RAISE(const auto current, store->CurrentMetadata());
  if (!current) {
    const Status created = CreateTable(store, catalog->warehouse(), wanted);
    if (!created.ok()) {  // somebody else may have created it meanwhile: then theirs is the table
      const auto theirs = store->CurrentMetadata();
      if (!theirs.ok() || !*theirs) return created;
    }
  }
  ARROW_RETURN_NOT_OK(catalog->Load(std::move(store)));
  ARROW_ASSIGN_OR_RAISE(TableGrid found, catalog->Grid());
  ARROW_ASSIGN_OR_RAISE(found.config, ChooseGrid(grid, found));
  if (custom != nullptr) {
    catalog->partitioner_ = grid::WithLimit(std::move(custom), found.config.max_cells.value_or(0));
  } else if (found.config == wanted) {
    catalog->partitioner_ = std::move(made);
  }
  catalog->grid_ = std::move(found);
  return catalog;
}

Result<std::shared_ptr<const grid::Partitioner>> Catalog::Partitioner() const {
  if (partitioner_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(const TableGrid grid, Grid());
    ARROW_ASSIGN_OR_RAISE(partitioner_, grid::MakePartitioner(grid.config));
  }
  return partitioner_;
}

Result<std::map<std::string, std::string>> Catalog::UnrecordedGrid() const {
  ARROW_ASSIGN_OR_RAISE(const TableGrid grid, Grid());
  return grid.recorded ? std::map<std::string, std::string>() : GridProperties(grid.config);
}

Result<std::vector<PartitionStats>> Catalog::Stats() const {
  ARROW_ASSIGN_OR_RAISE(auto totals, table_->TotalsByPartition());
  std::vector<PartitionStats> result;
  result.reserve(totals.size());
  for (auto& [partition, sums] : totals) {
    result.push_back({.grid_partition = partition.grid_partition.value_or(""),
                      .year = partition.calendar_year(),
                      .row_count = sums.rows,
                      .file_count = sums.files,
                      .total_bytes = sums.bytes,
                      .file_sizes = std::move(sums.file_sizes)});
  }
  return result;
}

Result<Info> Catalog::GetInfo() const {
  ARROW_ASSIGN_OR_RAISE(const std::vector<PartitionStats> partitions, Stats());
  Info info;
  info.db_path = places_.db.name();
  info.warehouse = warehouse().uri;
  info.metadata_location = table_->metadata_location();
  info.table_uuid = table_->uuid();
  ARROW_ASSIGN_OR_RAISE(const TableGrid grid, Grid());
  info.grid_type = grid.config.type;
  info.grid_resolution = grid.config.resolution;
  if (grid.config.max_cells.value_or(0) != 0) info.grid_max_cells = grid.config.max_cells;
  info.grid_recorded = grid.recorded;
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
