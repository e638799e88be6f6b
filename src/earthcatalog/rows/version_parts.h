// Versions of one item in one chunk.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <span>
#include <vector>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::rows {

// The part of its chunk that each item goes to: nearly always 0. Of versions of an item (collection and id)
// that neither `updated` nor `created` tells apart, one that is sorted or partitioned otherwise than the one
// before is in the next part. So of such versions the one that came last is in the last part and, there, in
// each file the last row.
std::vector<uint32_t> PartsOfVersions(const arrow::RecordBatch& items,
                                      const std::vector<std::span<const grid::CellId>>& cells);

}  // namespace earthcatalog::rows
