// Several sorted streams of records become one.
#pragma once

#include <vector>

#include "earthcatalog/keys/record.h"

namespace earthcatalog::keys {

// The records of all sources in ascending order; of those with the same key the greatest. The sources are
// sorted, but may have a key more than once. Memory: a block of 64 KiB beside what the sources take.
template <size_t Width>
StreamPtr<Width> MergeStreams(std::vector<StreamPtr<Width>> sources);

}  // namespace earthcatalog::keys
