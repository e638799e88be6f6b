#include <cstdio>
#include <map>
#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/cli/s3_options.h"
#include "earthcatalog/cli/signals.h"
#include "earthcatalog/maintain/check.h"

namespace earthcatalog::cli {
namespace {

struct Arguments {
  CatalogArguments catalog;
  bool deep = false;
  bool json = false;
};

constexpr size_t kTextBytes = 1000;

std::string CountOf(int64_t count, const char* one, const char* many) {
  return fmt::format("{} {}", FormatCount(count), count == 1 ? one : many);
}

void PrintCheck(const maintain::CheckReport& report) {
  for (const maintain::Problem& problem : report.problems) {
    fmt::print("{:<11}{} {}\n", problem.kind, OneLine(problem.path, kTextBytes),
               OneLine(problem.text, kTextBytes));
  }
  for (const std::string& note : report.notes) fmt::print("note: {}\n", OneLine(note, kTextBytes));
  if (report.repeated && report.repeated->count > 0) {
    fmt::print(
        "note: {} beside a newer one of the same item in the same cell and year; compaction removes them\n",
        CountOf(report.repeated->count, "row lies", "rows lie"));
  }
  fmt::print("Looked at {} with {}{}: {}\n", CountOf(report.files, "file", "files"),
             CountOf(report.rows, "row", "rows"),
             report.deep ? "" : ", at their footers (--deep looks at the rows)",
             report.sound() ? "sound"
                            : CountOf(static_cast<int64_t>(report.problems.size()), "problem", "problems"));
}

Result<int> RunCheck(const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const catalog::Paths paths, arguments.catalog.Resolve());
  ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(paths));
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  maintain::CheckReport report;
  ARROW_RETURN_NOT_OK(maintain::Check(*catalog, arguments.deep, cancel, &report));
  for (maintain::Problem& problem : report.problems) problem.text = WithFlags(problem.text);
  if (arguments.json) {
    fmt::print("{}\n", maintain::CheckReportToJson(report));
  } else {
    PrintCheck(report);
  }
  return report.sound() ? kDone : kFailed;
}

}  // namespace

void AddCheckCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command =
      app->add_subcommand("check", "Whether the table is what its files are; changes nothing");
  auto arguments = std::make_shared<Arguments>();
  arguments->catalog.AddTo(command);
  AddUnsignedOption(command, &arguments->catalog.s3);
  command->add_flag("--deep", arguments->deep,
                    "Read all rows, too: values, boxes, order, geometries, cells, versions");
  command->add_flag("--json", arguments->json, "Print as JSON");
  command->callback([arguments, run] { *run = [arguments] { return RunCheck(*arguments); }; });
}

}  // namespace earthcatalog::cli
