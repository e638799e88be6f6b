// A catalogue on disk: where its parts lie, its table and grid, and what can be said of it without reading
// data.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/catalog/places.h"
#include "earthcatalog/catalog/table_grid.h"
#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::catalog {

// Table properties (docs/format.md).
inline constexpr char kGridTypeProperty[] = "earthcatalog.grid.type";
inline constexpr char kGridResolutionProperty[] = "earthcatalog.grid.resolution";
inline constexpr char kGridBoundariesProperty[] = "earthcatalog.grid.boundaries_path";
inline constexpr char kGridIdFieldProperty[] = "earthcatalog.grid.id_field";
inline constexpr char kGridClassProperty[] = "earthcatalog.grid.class";
inline constexpr char kGridMaxCellsProperty[] = "earthcatalog.grid.max_cells";
inline constexpr char kHashIndexProperty[] = "earthcatalog.hash_index_path";
inline constexpr char kHashIndexKeyProperty[] = "earthcatalog.hash_index_key";
inline constexpr char kDataPathProperty[] = "write.data.path";

// Empty where there is none of the name.
std::string PropertyOf(const std::map<std::string, std::string>& properties, const char* name);

// What a new table in this warehouse is made with, but for its columns and its grid.
iceberg::CreateOptions NewTableIn(const io::Location& warehouse);

// Whether the two are one place, behind symbolic links too.
bool IsSamePlace(const io::Location& a, const io::Location& b);

struct PartitionStats {
  std::string grid_partition;
  std::optional<int> year;  // nothing: unknown
  int64_t row_count = 0;
  int64_t file_count = 0;
  int64_t total_bytes = 0;
  std::vector<int64_t> file_sizes = {};  // in bytes, in no order
};

struct Info {
  std::string db_path;
  std::string warehouse;
  std::string metadata_location;
  std::string table_uuid;
  std::string grid_type;
  std::optional<int> grid_resolution;
  std::optional<int64_t> grid_max_cells;  // of an item; nothing: no limit
  bool grid_recorded = true;              // in the table's properties; otherwise told from its cells
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
  // kNotFound, with what to do, when there is no table. Here and in OpenOrCreate, a usage error when the
  // table's own warehouse is another one, or the paths do not go together (places.h).
  // Reads the table's metadata document, no manifests. `cache`: what searches decode is kept there for
  // others, of this catalogue and of all that share it.
  static Result<std::unique_ptr<Catalog>> Open(const Paths& paths,
                                               std::shared_ptr<iceberg::ManifestCache> cache = nullptr);

  // Creates database, table and warehouse folder when they are missing; a table that somebody else creates
  // at the same moment is as good. `grid` given and different from the table's is a usage error that names
  // both; so is a new database over a warehouse that holds a table. `custom`: a custom grid's partitioner,
  // which must be given.
  static Result<std::unique_ptr<Catalog>> OpenOrCreate(
      const Paths& paths, const std::optional<grid::Config>& grid,
      std::shared_ptr<const grid::Partitioner> custom = nullptr);

  iceberg::Table& table() { return *table_; }
  const iceberg::Table& table() const { return *table_; }
  const io::Location& warehouse() const { return places_.warehouse; }
  // As recorded in the table, or as its cells tell (table_grid.h), when it is first asked for; of an opened
  // table that does neither, of kUnknownGridType. Errors as FindGrid.
  Result<TableGrid> Grid() const;
  // The properties that a commit of rows adds to a table that does not record its grid.
  Result<std::map<std::string, std::string>> UnrecordedGrid() const;
  // The grid's; made when it is first asked for, and kept. Errors as grid::MakePartitioner.
  Result<std::shared_ptr<const grid::Partitioner>> Partitioner() const;

  // One entry per (cell, year), sorted; from the manifests alone.
  Result<std::vector<PartitionStats>> Stats() const;
  Result<Info> GetInfo() const;

 private:
  explicit Catalog(Places places) : places_(std::move(places)) {}

  Status Load(std::shared_ptr<iceberg::CatalogStore> store);

  Places places_;
  std::unique_ptr<iceberg::Table> table_;
  mutable std::optional<TableGrid> grid_;
  mutable std::shared_ptr<const grid::Partitioner> partitioner_;
};

}  // namespace earthcatalog::catalog
