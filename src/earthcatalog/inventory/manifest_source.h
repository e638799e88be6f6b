// Rows of all data files that a manifest lists.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/inventory/data_file.h"
#include "earthcatalog/inventory/raw_row.h"

namespace earthcatalog::inventory {

// `file` is the open manifest, `path_or_uri` what it was opened by. Looks for every data file (on the web
// only when its turn comes) and opens one after the other. Errors, without the manifest's name: as
// ParseManifest; a data file that is missing, not a file, or of another size, by its key.
Result<std::unique_ptr<RowSource>> OpenManifest(const std::string& path_or_uri, const File& file);

}  // namespace earthcatalog::inventory
