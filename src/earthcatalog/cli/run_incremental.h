// Running the main job for a command: signals, progress, summary, exit code.
#pragma once

#include "earthcatalog/cli/command.h"
#include "earthcatalog/jobs/incremental.h"

namespace earthcatalog::cli {

// Prints the summary (or the report as JSON) even when the run failed; an error is returned after that.
// The exit code is kFailed when rows were quarantined or malformed.
Result<int> RunIncrementalCommand(const jobs::IncrementalOptions& options, bool json);

}  // namespace earthcatalog::cli
