// The work of every day on a table, in one go: whatever is due is done, and said with its reason.
//
//   compact ──> manifests ──> publish ──> expire ──> clean
//
// Each step is asked whether it is due, of the table as the steps before have left it. They do not depend on
// each other: one that fails, or finds the catalogue locked, keeps none of the others from their work.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/catalog/catalog.h"

namespace earthcatalog::jobs {

struct MaintainOptions {
  catalog::Paths paths;
  // Files of a cell and year that are worth being united. More than compaction by itself asks for: with each
  // day's files a large one would be written anew each day.
  int threshold = 5;
  int64_t memory_bytes = 512LL << 20;
  int threads = 0;       // 0: as many as the machine has
  bool dry_run = false;  // the steps are only asked
};

enum class StepOutcome {
  kNotDue,
  kDue,  // of a dry run
  kDone,
  kLocked,  // left out: somebody else holds the lock that it needs
  kFailed,
  kNotReached,  // the user stopped it before
};

struct StepReport {
  std::string name;
  StepOutcome outcome = StepOutcome::kNotReached;
  std::string reason = {};   // why it is due or is not; empty when that could not be found out
  std::string message = {};  // what was done, or why it was not
  std::string details = {};  // the report of what was done, as a JSON object; or empty
  double seconds = 0;
};

struct MaintainReport {
  bool dry_run = false;
  std::vector<StepReport> steps = {};
  double seconds = 0;

  bool Has(StepOutcome outcome) const;
};

// An error when there is no such table, and kInterrupted when `cancel` was stopped; what became of each step,
// failures too, is in the report, which is filled in either way. Holds the lock only during steps that need
// it. `progress` is told of the steps that take long; it may be empty.
Status Maintain(const MaintainOptions& options, const ProgressCallback& progress, const CancelSource& cancel,
                MaintainReport* report);

// "done", "not_due", …
std::string_view NameOf(StepOutcome outcome);

// The report as one JSON object.
std::string MaintainReportToJson(const MaintainReport& report);

// A step, and what carries steps out.
struct MaintainStep {
  struct Answer {
    bool due = false;
    std::string reason;
  };
  struct Done {
    std::string message;
    std::string details;  // as in StepReport
  };

  std::string name;
  // Changes nothing.
  std::function<Result<Answer>()> ask;
  // After an error `done` may have what was done before it.
  std::function<Status(Done* done)> act;
};

// One after the other; kInterrupted as Maintain().
Status RunSteps(const std::vector<MaintainStep>& steps, const CancelSource& cancel, MaintainReport* report);

}  // namespace earthcatalog::jobs
