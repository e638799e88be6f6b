// What the metadata files of a table still tell when no catalog points to them, or when they lie elsewhere
// than they say: after a move all paths in them are wrong, but the files beside them have the names they had.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/iceberg/metadata.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::iceberg {

struct Remains {
  std::string metadata_location;
  TableMetadata metadata;
};

// In the folder of metadata files: the document called `name` where it is there and can be read, else the
// newest of those that can. Nothing when there is none. Errors: those of listing the folder.
Result<std::optional<Remains>> FindRemains(const io::Location& folder, std::string_view name = {});

// Calls `visit` with the path of every data file that a snapshot has or removed, some more than once;
// `live`: the current one has it. Manifests and their lists are looked for in `folder`, by their names. An
// error when one of them cannot be read.
Status VisitRemainingFiles(const TableMetadata& metadata, const io::Location& folder,
                           const std::function<void(std::string_view path, bool live)>& visit);

}  // namespace earthcatalog::iceberg
