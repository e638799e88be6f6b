// Every file that a table's metadata names, whatever its state.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "earthcatalog/iceberg/metadata.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::iceberg {

// Calls `visit` with the paths of manifest lists, manifests and data files of all snapshots, also of those
// files that a snapshot removed: as they stand in the metadata, in no order, some more than once. `place_of`
// tells where a manifest list or manifest of this path is read. Manifests in `seen` are passed by with what
// they name, those that were read are added to it. kCorrupt when a snapshot or any of its files cannot be
// read, so that nobody takes a part for the whole.
Status VisitNamedFiles(const TableMetadata& metadata, const io::S3Settings& s3,
                       const std::function<std::string(const std::string& path)>& place_of,
                       const std::function<void(std::string_view path)>& visit, std::set<std::string>* seen);

}  // namespace earthcatalog::iceberg
