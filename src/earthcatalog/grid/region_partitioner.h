// The grid of named regions from a GeoJSON file.
//
// Boundaries are lines in plane longitude and latitude, and belong to their regions. A footprint is in every
// region that it touches, and in `__none__` when there is none. Longitudes mean the same a turn further, and
// all longitudes meet at the poles. Of the boundaries, longitudes mean what they say: a region over the
// antimeridian is split there, or goes on beyond ±180.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid {

// Errors as LoadBoundaries (boundaries.h); a usage error when one of the two is missing.
Result<std::shared_ptr<const Partitioner>> MakeRegionPartitioner(const std::string& boundaries_path,
                                                                 const std::string& id_field);

}  // namespace earthcatalog::grid
