#include "earthcatalog/jobs/maintain.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/jobs/maintain_steps.h"

namespace earthcatalog::jobs {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::ordered_json;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void RunStep(const MaintainStep& step, bool dry_run, StepReport* report) {
  const auto note = [report](const Status& error) {
    const auto kind = KindOf(error);
    report->message = error.message();
    report->outcome = kind == ErrorKind::kLocked        ? StepOutcome::kLocked
                      : kind == ErrorKind::kInterrupted ? StepOutcome::kNotReached
                                                        : StepOutcome::kFailed;
  };
  auto answer = step.ask();
  if (!answer.ok()) return note(answer.status());
  report->reason = std::move(answer->reason);
  report->outcome = answer->due ? StepOutcome::kDue : StepOutcome::kNotDue;
  if (!answer->due || dry_run) return;
  MaintainStep::Done done;
  const Status acted = step.act(&done);
  report->message = std::move(done.message);
  report->details = std::move(done.details);
  report->outcome = StepOutcome::kDone;
  if (!acted.ok()) note(acted);
}

}  // namespace

bool MaintainReport::Has(StepOutcome outcome) const {
  return std::any_of(steps.begin(), steps.end(),
                     [outcome](const StepReport& step) { return step.outcome == outcome; });
}

Status RunSteps(const std::vector<MaintainStep>& steps, const CancelSource& cancel, MaintainReport* report) {
  const auto start = Clock::now();
  for (const MaintainStep& step : steps) {
    StepReport& of_step = report->steps.emplace_back(StepReport{.name = step.name});
    if (cancel.stopped()) continue;
    const auto step_start = Clock::now();
    RunStep(step, report->dry_run, &of_step);
    of_step.seconds = SecondsSince(step_start);
  }
  report->seconds = SecondsSince(start);
  return cancel.status();
}

Status Maintain(const MaintainOptions& options, const ProgressCallback& progress, const CancelSource& cancel,
                MaintainReport* report) {
  report->dry_run = options.dry_run;
  ARROW_RETURN_NOT_OK(catalog::Catalog::Open(options.paths).status());
  return RunSteps(MaintainSteps(options, progress, cancel), cancel, report);
}

std::string_view NameOf(StepOutcome outcome) {
  switch (outcome) {
    case StepOutcome::kNotDue:
      return "not_due";
    case StepOutcome::kDue:
      return "due";
    case StepOutcome::kDone:
      return "done";
    case StepOutcome::kLocked:
      return "locked";
    case StepOutcome::kFailed:
      return "failed";
    case StepOutcome::kNotReached:
      break;
  }
  return "not_reached";
}

std::string MaintainReportToJson(const MaintainReport& report) {
  Json steps = Json::array();
  for (const StepReport& step : report.steps) {
    const Json details = Json::parse(step.details, nullptr, /*allow_exceptions=*/false);
    steps.push_back({{"step", step.name},
                     {"outcome", NameOf(step.outcome)},
                     {"reason", step.reason},
                     {"message", step.message},
                     {"details", details.is_object() ? details : Json(nullptr)},
                     {"seconds", step.seconds}});
  }
  const Json json = {{"dry_run", report.dry_run}, {"steps", std::move(steps)}, {"seconds", report.seconds}};
  return ReportText(json);
}

}  // namespace earthcatalog::jobs
