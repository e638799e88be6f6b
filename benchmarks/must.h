#pragma once

#include "earthcatalog/base/status.h"

namespace earthcatalog {

// Ends the program, saying why, unless all is well: as ValueOrDie() does for results.
inline void Must(const Status& status) {
  if (!status.ok()) status.Abort();
}

}  // namespace earthcatalog
