#include "earthcatalog/catalog/table_grid.h"

#include <set>

#include "earthcatalog/base/text.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/grid/h3_partitioner.h"

namespace earthcatalog::catalog {
namespace {

Result<int> ParseResolution(const std::string& text) {
  if (text.size() > 2 || text.find_first_not_of("0123456789") != std::string::npos) {
    return CorruptError("the table property {} is '{}', not a resolution", kGridResolutionProperty, text);
  }
  return std::stoi(text);
}

// A table that was made without a limit has none.
Result<int64_t> ParseMaxCells(const std::string& text) {
  if (text.empty()) return 0;
  if (text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos ||
      std::stoull(text) > grid::kMostCellsPerItem) {
    return CorruptError("the table property {} is '{}', not a number of cells", kGridMaxCellsProperty, text);
  }
  return std::stoll(text);
}

Result<std::set<std::string>> CellsOf(const iceberg::Table& table) {
  std::set<std::string> cells;
  ARROW_ASSIGN_OR_RAISE(const auto totals, table.TotalsByPartition());
  for (const auto& [partition, ignored] : totals) {
    cells.insert(partition.grid_partition.value_or(grid::kNoCellName));
  }
  cells.erase(grid::kNoCellName);
  return cells;
}

// What the names of cells say.
struct H3Cells {
  std::set<int> resolutions;
  std::optional<std::string> other;  // one that is none of H3's; __global__ where no else is
};

H3Cells H3CellsOf(const std::set<std::string>& names) {
  H3Cells cells;
  for (const std::string& name : names) {
    if (const auto resolution = grid::H3ResolutionOf(name)) {
      cells.resolutions.insert(*resolution);
    } else if (!cells.other || cells.other == grid::kGlobalCellName) {
      cells.other = name;
    }
  }
  return cells;
}

Result<TableGrid> GridFromCells(const iceberg::Table& table) {
  ARROW_ASSIGN_OR_RAISE(const std::set<std::string> names, CellsOf(table));
  TableGrid found;
  found.recorded = false;
  found.config.max_cells = 0;
  if (const auto told = GridOfCells(names, *table.schema())) {
    ARROW_ASSIGN_OR_RAISE(found.config, grid::Settle(*told));
    return found;
  }
  const H3Cells cells = H3CellsOf(names);
  found.open = cells.resolutions.empty();
  if (names.empty()) {
    ARROW_ASSIGN_OR_RAISE(found.config, grid::Settle(found.config));
    return found;
  }
  found.config.type = kUnknownGridType;
  if (cells.resolutions.size() > 1 && (!cells.other || cells.other == grid::kGlobalCellName)) {
    found.doubt = fmt::format("its cells are of several H3 resolutions ({} to {})",
                              *cells.resolutions.begin(), *cells.resolutions.rbegin());
  } else {
    found.doubt = fmt::format("its cells, such as '{}', do not tell it", OneLine(*cells.other));
  }
  return found;
}

std::string CellLimit(int64_t max_cells) {
  return max_cells == 0 ? "cells without a limit" : fmt::format("at most {} cells", max_cells);
}

}  // namespace

std::optional<grid::Config> GridOfCells(const std::set<std::string>& cells, const arrow::Schema& columns) {
  std::set<std::string> names = cells;
  names.erase(grid::kNoCellName);
  const bool wide = names.erase(grid::kGlobalCellName) > 0;
  const auto [resolutions, other] = H3CellsOf(names);
  if (other || resolutions.empty()) return std::nullopt;
  const auto assets = columns.GetFieldByName("assets");
  const bool older = assets != nullptr && assets->type()->id() == arrow::Type::STRING;
  if (older && resolutions.size() > 1) return std::nullopt;
  grid::Config grid;
  grid.resolution = *resolutions.rbegin();
  grid.max_cells = wide || resolutions.size() > 1 ? grid::kDefaultMaxCells : 0;
  return grid;
}

Result<TableGrid> FindGrid(const iceberg::Table& table) {
  const std::string type = PropertyOf(table.properties(), kGridTypeProperty);
  const std::string resolution = PropertyOf(table.properties(), kGridResolutionProperty);
  if (resolution.empty() && (type.empty() || type == "h3")) return GridFromCells(table);
  TableGrid found;
  if (!type.empty()) found.config.type = type;
  found.config.boundaries_path = PropertyOf(table.properties(), kGridBoundariesProperty);
  found.config.id_field = PropertyOf(table.properties(), kGridIdFieldProperty);
  // What earthcatalog <= 0.6 takes when its user names none, without recording it.
  if (found.config.type == "geojson" && found.config.id_field.empty()) found.config.id_field = "id";
  found.config.class_name = PropertyOf(table.properties(), kGridClassProperty);
  ARROW_ASSIGN_OR_RAISE(found.config.max_cells,
                        ParseMaxCells(PropertyOf(table.properties(), kGridMaxCellsProperty)));
  if (found.config.type == "h3") {
    ARROW_ASSIGN_OR_RAISE(found.config.resolution, ParseResolution(resolution));
  }
  ARROW_ASSIGN_OR_RAISE(found.config, grid::Settle(found.config));
  return found;
}

Result<grid::Config> ChooseGrid(const std::optional<grid::Config>& wanted, const TableGrid& table) {
  const bool unknown = !table.doubt.empty();
  if (unknown && !table.open) {
    return UsageError(
        "the table does not record its grid, and {}: nothing can be added; export its items into a new table",
        table.doubt);
  }
  if (unknown && !wanted) {
    return UsageError("the table does not record its grid, and {}: name it in the configuration",
                      table.doubt);
  }
  if (!wanted) return table.config;
  grid::Config same = *wanted;
  // What the caller leaves open is the table's.
  if (same.type == table.config.type && !same.resolution) same.resolution = table.config.resolution;
  if (!same.max_cells) same.max_cells = table.config.max_cells;
  ARROW_ASSIGN_OR_RAISE(const grid::Config settled, grid::Settle(same));
  if (settled == table.config || table.open) return settled;
  grid::Config limited = settled;
  limited.max_cells = table.config.max_cells;
  if (limited == table.config) {
    return UsageError("an item of this table can have {}, not {}; leave max_cells out to use the table's",
                      CellLimit(*table.config.max_cells), CellLimit(*settled.max_cells));
  }
  return UsageError("the table's grid is {}, not {}; leave the grid out to use the table's",
                    grid::Describe(table.config), grid::Describe(settled));
}

std::map<std::string, std::string> GridProperties(const grid::Config& grid) {
  std::map<std::string, std::string> properties = {{kGridTypeProperty, grid.type}};
  if (grid.resolution) properties[kGridResolutionProperty] = std::to_string(*grid.resolution);
  if (!grid.boundaries_path.empty()) properties[kGridBoundariesProperty] = grid.boundaries_path;
  if (!grid.id_field.empty()) properties[kGridIdFieldProperty] = grid.id_field;
  if (grid.max_cells.value_or(0) != 0) properties[kGridMaxCellsProperty] = std::to_string(*grid.max_cells);
  if (!grid.class_name.empty()) properties[kGridClassProperty] = grid.class_name;
  return properties;
}

}  // namespace earthcatalog::catalog
