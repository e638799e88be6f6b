#include <algorithm>
#include <cstdio>
#include <limits>
#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/cli/progress_bar.h"
#include "earthcatalog/cli/signals.h"
#include "earthcatalog/cli/whole_number.h"
#include "earthcatalog/jobs/maintain.h"

namespace earthcatalog::cli {
namespace {

constexpr int kMost = std::numeric_limits<int>::max();

struct Arguments {
  CatalogArguments catalog;
  jobs::MaintainOptions options;
  std::string memory_limit;
  bool json = false;
};

void PrintStep(const jobs::StepReport& step) {
  std::string outcome(jobs::NameOf(step.outcome));
  std::replace(outcome.begin(), outcome.end(), '_', ' ');
  std::string text = step.reason;
  if (!step.message.empty()) text += (text.empty() ? "" : ". ") + step.message;
  fmt::print("{:<12}{:<13}{}\n", step.name, outcome, OneLine(text, 1000));
}

int ExitCodeOf(const jobs::MaintainReport& report) {
  if (report.Has(jobs::StepOutcome::kFailed)) return kFailed;
  return report.Has(jobs::StepOutcome::kLocked) ? kLocked : kDone;
}

Result<int> RunMaintain(Arguments arguments) {
  jobs::MaintainOptions& options = arguments.options;
  ARROW_ASSIGN_OR_RAISE(options.paths, arguments.catalog.Resolve());
  if (!arguments.memory_limit.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.memory_bytes, ParseByteSize(arguments.memory_limit));
  }
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  jobs::MaintainReport report;
  Status maintained;
  {
    ProgressBar bar("rows");
    maintained = jobs::Maintain(
        options, [&](const Progress& progress) { bar.Update(progress); }, cancel, &report);
  }
  for (jobs::StepReport& step : report.steps) step.message = WithFlags(step.message);
  if (arguments.json) {
    fmt::print("{}\n", jobs::MaintainReportToJson(report));
  } else {
    for (const jobs::StepReport& step : report.steps) PrintStep(step);
  }
  ARROW_RETURN_NOT_OK(maintained);
  return ExitCodeOf(report);
}

}  // namespace

void AddMaintainCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command = app->add_subcommand(
      "maintain",
      "Do what is due: unite small files, arrange manifests, publish again, expire snapshots, clean");
  auto arguments = std::make_shared<Arguments>();
  arguments->catalog.AddTo(command);
  command
      ->add_option("--threshold", arguments->options.threshold,
                   "Unite files where a cell and year has so many that are worth it")
      ->check(CLI::Range(1, kMost))
      ->option_text("INT")
      ->capture_default_str();
  command->add_option("--memory-limit", arguments->memory_limit, "512MiB without it; at least 64MiB");
  command->add_option("--threads", arguments->options.threads, "0: one per core")
      ->check(WholeNumber(kMost))
      ->capture_default_str();
  command->add_flag("--dry-run", arguments->options.dry_run, "Only say what is due, and why");
  command->add_flag("--json", arguments->json, "Print the report as JSON");
  command->callback([arguments, run] { *run = [arguments] { return RunMaintain(*arguments); }; });
}

}  // namespace earthcatalog::cli
