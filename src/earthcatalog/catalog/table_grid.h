// The grid that a table's rows are in: from its properties or, where earthcatalog <= 0.6 left these out, from
// the cells themselves.
#pragma once

#include <arrow/type.h>

#include <map>
#include <optional>
#include <set>
#include <string>

#include "earthcatalog/grid/partitioner.h"
#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::catalog {

inline constexpr char kUnknownGridType[] = "unknown";

struct TableGrid {
  grid::Config config;   // settled, or of kUnknownGridType; without a limit where none is recorded
  bool recorded = true;  // in the table's properties
  // Why the table does not tell its grid, in words that follow "the table does not record its grid, and".
  // Empty when it does.
  std::string doubt = {};
  // The next run may choose: the table has no row in a cell, or its cells are of a grid that cannot be told.
  bool open = false;
};

// Reads the partitions of all files if the properties do not name the grid. Without any cell it is H3 at
// resolution 1, as earthcatalog <= 0.6 has it. kCorrupt when a property makes no sense.
Result<TableGrid> FindGrid(const iceberg::Table& table);

// The grid that cells of these names are of; nothing where they do not tell it. It is H3 at the finest of
// their resolutions: the coarser ones, and `__global__`, are where wide items lie, and then it has the limit
// of a new table. But not in a table with the columns of earthcatalog <= 0.6, whose `assets` is text: each of
// its runs took the resolution that it was given, and cells that an item touches are not always ancestors of
// finer ones.
std::optional<grid::Config> GridOfCells(const std::set<std::string>& cells, const arrow::Schema& columns);

// The grid that a run with the grid `wanted`, if any, adds rows by. Usage errors: it is not the table's, or
// the table does not tell and none is wanted.
Result<grid::Config> ChooseGrid(const std::optional<grid::Config>& wanted, const TableGrid& table);

// The table properties that record the grid.
std::map<std::string, std::string> GridProperties(const grid::Config& grid);

}  // namespace earthcatalog::catalog
