#include <cstdio>
#include <map>
#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/maintain/clean.h"

namespace earthcatalog::cli {
namespace {

const std::map<std::string, int64_t> kSeconds = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};

constexpr int64_t kMaxAge = int64_t{36500} * 86400;

struct Arguments {
  CatalogArguments catalog;
  int64_t older_than = 3600;
  bool dry_run = false;
  bool json = false;
};

// 2d, 1h, 30m, 90s: in the largest unit that it has a whole number of.
std::string AgeText(int64_t seconds) {
  for (const char* unit : {"d", "h", "m"}) {
    const int64_t size = kSeconds.at(unit);
    if (seconds > 0 && seconds % size == 0) return fmt::format("{}{}", seconds / size, unit);
  }
  return fmt::format("{}s", seconds);
}

void PrintClean(const maintain::CleanReport& report, int64_t older_than) {
  for (const maintain::Orphan& orphan : report.files) {
    fmt::print("{:>12}  {}\n", FormatByteSize(orphan.bytes), OneLine(orphan.file.name(), 1000));
  }
  fmt::print("{} {} files ({}) that no snapshot names\n", report.dry_run ? "Would remove" : "Removed",
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
  maintain::CleanReport report;
  const Status cleaned = maintain::Clean(options, &report);
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
  using Unit = CLI::AsNumberWithUnit;
  CLI::App* command =
      app->add_subcommand("clean", "Remove what killed runs left: files that no snapshot of the table names");
  auto arguments = std::make_shared<Arguments>();
  arguments->catalog.AddTo(command);
  command
      ->add_option(
          "--older-than", arguments->older_than,
          "Only files last modified so long ago: 90s, 30m, 1h, 2d; 1h without it. What is younger may "
          "belong to a writer that does not use the lock")
      ->transform(Unit(kSeconds, Unit::Options(Unit::CASE_INSENSITIVE | Unit::UNIT_REQUIRED)))
      ->check(CLI::Range(int64_t{0}, kMaxAge))
      ->option_text("AGE");
  command->add_flag("--dry-run", arguments->dry_run, "Only say what would be removed");
  command->add_flag("--json", arguments->json, "Print as JSON");
  command->callback([arguments, run] { *run = [arguments] { return RunClean(*arguments); }; });
}

}  // namespace earthcatalog::cli
