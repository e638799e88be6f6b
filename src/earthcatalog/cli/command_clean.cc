#include <cstdio>
#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/age_option.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/cli/signals.h"
#include "earthcatalog/maintain/clean.h"

namespace earthcatalog::cli {
namespace {

struct Arguments {
  CatalogArguments catalog;
  int64_t older_than = std::chrono::seconds(maintain::CleanOptions().older_than).count();
  bool dry_run = false;
  bool json = false;
};

void PrintClean(const maintain::CleanReport& report, int64_t older_than) {
  PrintFirst("", report.files, [](const maintain::Orphan& orphan) {
    return fmt::format("{:>12}  {}", FormatByteSize(orphan.bytes), OneLine(orphan.file.name(), 1000));
  });
  fmt::print("{} {} files ({}) that nothing names\n", report.dry_run ? "Would remove" : "Removed",
             FormatCount(static_cast<int64_t>(report.files.size())), FormatByteSize(report.bytes));
  if (older_than > 0) {
    fmt::print("What is younger than {} is left alone: it may be a running writer's (--older-than)\n",
               AgeText(older_than));
  }
}

Result<int> RunClean(const Arguments& arguments) {
  maintain::CleanOptions options;
  ARROW_ASSIGN_OR_RAISE(options.paths, arguments.catalog.Resolve());
  options.older_than = std::chrono::seconds(arguments.older_than);
  options.dry_run = arguments.dry_run;
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  maintain::CleanReport report;
  const Status cleaned = maintain::Clean(options, cancel, &report);
  if (cleaned.ok() || !report.files.empty()) {
    if (arguments.json) {
      fmt::print("{}\n", maintain::CleanReportToJson(report));
    } else {
      PrintClean(report, arguments.older_than);
    }
  }
  ARROW_RETURN_NOT_OK(cleaned);
  return kDone;
}

}  // namespace

void AddCleanCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command = app->add_subcommand(
      "clean", "Remove orphans: files that no snapshot of the table names, nor a published tree in use");
  auto arguments = std::make_shared<Arguments>();
  arguments->catalog.AddTo(command);
  AddAgeOption(command, &arguments->older_than,
               fmt::format("Only files last modified so long ago: 90s, 30m, 1h, 2d; {} without it. What is "
                           "younger may belong to a writer that does not use the lock. Published trees go "
                           "when they were replaced so long ago",
                           AgeText(arguments->older_than)));
  command->add_flag("--dry-run", arguments->dry_run, "Only say what would be removed");
  command->add_flag("--json", arguments->json, "Print as JSON");
  command->callback([arguments, run] { *run = [arguments] { return RunClean(*arguments); }; });
}

}  // namespace earthcatalog::cli
