// The steps of Maintain().
#pragma once

#include <vector>

#include "earthcatalog/jobs/maintain.h"

namespace earthcatalog::jobs {

// In their order. They use all three arguments, which outlive them.
std::vector<MaintainStep> MaintainSteps(const MaintainOptions& options, const ProgressCallback& progress,
                                        const CancelSource& cancel);

}  // namespace earthcatalog::jobs
