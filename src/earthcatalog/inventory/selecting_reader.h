// The rules that say which rows of an inventory are items to fetch, and the counting of all others.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/inventory/raw_row.h"

namespace earthcatalog::inventory {

// `name` is the inventory's, for messages.
std::unique_ptr<Reader> MakeSelectingReader(std::string name, std::unique_ptr<RowSource> source,
                                            const Options& options);

}  // namespace earthcatalog::inventory
