// What a run can be asked for.
#pragma once

#include "earthcatalog/jobs/incremental.h"

namespace earthcatalog::jobs {

// Usage errors, by the options alone: nothing is looked at.
Status CheckOptions(const IncrementalOptions& options);

}  // namespace earthcatalog::jobs
