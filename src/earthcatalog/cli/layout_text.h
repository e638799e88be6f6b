// A table's layout for people.
#pragma once

#include "earthcatalog/maintain/layout.h"

namespace earthcatalog::cli {

// `all_partitions`: each of them is listed, else those with most rows.
void PrintLayout(const maintain::Layout& layout, bool all_partitions);

}  // namespace earthcatalog::cli
