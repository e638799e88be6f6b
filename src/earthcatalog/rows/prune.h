// A search for items of a region and time, and which data files can hold them, from the manifests alone.
#pragma once

#include <string>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/iceberg/expression.h"

namespace earthcatalog::rows {

using iceberg::Box;

// Rows in cells of items that share a cell with `box` (Partitioner::NamesToLookInto) whose envelope meets it,
// of the years [first_year, last_year] or of none. A box of very many cells is looked for in all of them.
// Errors as Catalog::Partitioner.
Result<iceberg::Expression> SearchOf(const catalog::Catalog& catalog, const Box& box, int first_year,
                                     int last_year);

// The URIs of the files that may hold such rows. `counts` as Table::ScanFiles takes it.
Result<std::vector<std::string>> PruneFiles(const catalog::Catalog& catalog,
                                            const iceberg::Expression& search,
                                            iceberg::ScanCounts* counts = nullptr);

}  // namespace earthcatalog::rows
