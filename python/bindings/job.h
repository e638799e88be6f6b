// Long work of the core on behalf of a Python caller.
#pragma once

#include <nanobind/nanobind.h>

#include <functional>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/base/status.h"

namespace earthcatalog::python {

using Job = std::function<Status(const ProgressCallback&, CancelSource*)>;

// Runs `job` on a thread of its own and waits for it without the GIL. A few times a second the calling thread
// looks for signals and passes the newest progress to `on_progress` (a callable or None).
//
// Ctrl-C, or an exception of `on_progress`, stops the job through its CancelSource; once it has unwound, that
// exception is thrown. Otherwise a failed status is thrown as ThrowIfError does. Called with the GIL held.
void RunJob(const Job& job, const nanobind::object& on_progress);

}  // namespace earthcatalog::python
