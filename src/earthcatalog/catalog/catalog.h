// A catalogue on disk: where its parts lie, its table and grid, and what can be said of it without reading
// data.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::catalog {

// Table properties (docs/format.md).
inline constexpr char kGridTypeProperty[] = "earthcatalog.grid.type";
inline constexpr char kGridResolutionProperty[] = "earthcatalog.grid.resolution";
inline constexpr char kGridBoundariesProperty[] = "earthcatalog.grid.boundaries_path";
inline constexpr char kGridIdFieldProperty[] = "earthcatalog.grid.id_field";
inline constexpr char kHashIndexProperty[] = "earthcatalog.hash_index_path";

struct Locations {
  std::string db_path;    // the SQLite file
  std::string warehouse;  // directory or URI

  // <base>/earthcatalog.db (an existing <base>/catalog.db is found too) and <base>/warehouse.
  static Result<Locations> FromBase(const std::string& base);
};

struct PartitionStats {
  std::string grid_partition;
  std::optional<int> year;  // nothing: unknown
  int64_t row_count = 0;
  int64_t file_count = 0;
  int64_t total_bytes = 0;
};

struct Info {
  std::string db_path;
  std::string warehouse;
  std::string metadata_location;
  std::string table_uuid;
  std::string grid_type;
  std::optional<int> grid_resolution;
  int64_t snapshot_count = 0;
  std::optional<int64_t> current_snapshot_id;
  int64_t row_count = 0;  // rows, an item counts once per cell
  int64_t file_count = 0;
  int64_t total_bytes = 0;
  int64_t cell_count = 0;
  std::optional<int> first_year;
  std::optional<int> last_year;
  int column_count = 0;
};

// One thread at a time.
class Catalog {
 public:
  // kNotFound, with what to do, when there is no table.
  static Result<std::unique_ptr<Catalog>> Open(const Locations& locations);

  // Creates database, table and warehouse folder when they are missing. `grid` given and different from the
  // table's is a usage error that names both.
  static Result<std::unique_ptr<Catalog>> OpenOrCreate(const Locations& locations,
                                                       const std::optional<grid::Config>& grid);

  iceberg::Table& table() { return *table_; }
  const iceberg::Table& table() const { return *table_; }
  const io::Location& warehouse() const { return warehouse_; }
  const grid::Config& grid() const { return grid_; }

  // One entry per (cell, year), sorted; from the manifests alone.
  Result<std::vector<PartitionStats>> Stats() const;
  Result<Info> GetInfo() const;

 private:
  Catalog() = default;

  Locations locations_;
  io::Location warehouse_;
  std::unique_ptr<iceberg::Table> table_;
  grid::Config grid_;
};

}  // namespace earthcatalog::catalog
