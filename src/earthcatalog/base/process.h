// What the process takes.
#pragma once

#include <cstdint>

namespace earthcatalog {

// The most memory that it has had, in bytes; 0 where the system does not tell.
int64_t PeakMemory();

}  // namespace earthcatalog
