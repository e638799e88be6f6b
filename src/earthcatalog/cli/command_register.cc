#include <cstdio>
#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/cli/signals.h"
#include "earthcatalog/jobs/config.h"
#include "earthcatalog/maintain/register.h"

namespace earthcatalog::cli {
namespace {

using maintain::RegisterReport;

struct Arguments {
  CatalogArguments catalog;
  std::string config_path;
  int h3_resolution = -1;
  bool dry_run = false;
  bool json = false;
};

constexpr size_t kTextBytes = 1000;

const char* TextOf(RegisterReport::Table table) {
  switch (table) {
    case RegisterReport::Table::kKept:
      return "the catalog's own";
    case RegisterReport::Table::kFound:
      return "found in the warehouse; no catalog named it";
    case RegisterReport::Table::kRemade:
      return "made anew, with the properties and columns it had";
    default:
      return "new";
  }
}

void PrintNotes(const RegisterReport& report) {
  const auto note = [](const std::string& text) { fmt::print("note: {}\n", OneLine(text, kTextBytes)); };
  for (const std::string& column : report.ignored_columns) {
    note(fmt::format("the column `{}` is in files only, the table cannot have it", column));
  }
  if (!report.history_lost.empty()) {
    note("files that were replaced before may be among these, since the table's history cannot be read: " +
         report.history_lost);
  }
  if (!report.repeated_unknown.empty()) note("repeated rows were not counted: " + report.repeated_unknown);
  for (const maintain::RepeatedRow& row : report.repeated.first) {
    note(fmt::format("'{}' is in {} and, newer, in the same cell and year again", row.id, row.path));
  }
  if (report.repeated.count > 0) {
    note(fmt::format("{} rows are there more than once; compaction removes them",
                     FormatCount(report.repeated.count)));
  }
  if (report.grid.empty()) {
    note("the table does not record its grid, and its cells do not tell it: name it with --config");
  }
}

void PrintRegister(const RegisterReport& report) {
  PrintFirst("added     ", report.added, [](const RegisterReport::File& file) {
    const std::string was = file.was.empty() ? "" : ", before " + OneLine(file.was, kTextBytes);
    return fmt::format("{} ({} rows){}", OneLine(file.path, kTextBytes), FormatCount(file.rows), was);
  });
  const auto with_reason = [](const RegisterReport::Note& entry) {
    return OneLine(entry.path, kTextBytes) + ": " + OneLine(entry.reason, kTextBytes);
  };
  PrintFirst("removed   ", report.removed, with_reason);
  PrintFirst("left out  ", report.left_out, with_reason);
  PrintNotes(report);
  const auto count = [](size_t number) { return FormatCount(static_cast<int64_t>(number)); };
  fmt::print("{}Table: {}{}{}\n", report.dry_run ? "Would be so. " : "", TextOf(report.table),
             report.grid.empty() ? "" : "; grid: ", OneLine(report.grid));
  fmt::print("{} files with {} rows: {} added, {} removed; {} left out\n", FormatCount(report.files),
             FormatCount(report.rows), count(report.added.size()), count(report.removed.size()),
             count(report.left_out.size()));
}

Result<maintain::RegisterOptions> OptionsOf(const Arguments& arguments) {
  maintain::RegisterOptions options;
  ARROW_ASSIGN_OR_RAISE(options.paths, arguments.catalog.Resolve());
  options.dry_run = arguments.dry_run;
  if (!arguments.config_path.empty()) {
    ARROW_ASSIGN_OR_RAISE(const jobs::Config config, jobs::LoadConfig(arguments.config_path));
    options.grid = config.grid;
  }
  if (arguments.h3_resolution >= 0) {
    options.grid = grid::Config{};
    options.grid->resolution = arguments.h3_resolution;
  }
  return options;
}

Result<int> RunRegister(const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const maintain::RegisterOptions options, OptionsOf(arguments));
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  RegisterReport report;
  ARROW_RETURN_NOT_OK(maintain::Register(options, cancel, &report));
  report.history_lost = WithFlags(report.history_lost);
  if (arguments.json) {
    fmt::print("{}\n", maintain::RegisterReportToJson(report));
  } else {
    PrintRegister(report);
  }
  return report.left_out.empty() ? kDone : kFailed;
}

}  // namespace

void AddRegisterCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command = app->add_subcommand(
      "register", "Make or mend the table from the files of its warehouse, also after it was moved");
  auto arguments = std::make_shared<Arguments>();
  arguments->catalog.AddTo(command);
  command->add_option("--config", arguments->config_path,
                      "YAML file whose `grid` is that of a table which does not record one");
  command
      ->add_option("--h3-resolution", arguments->h3_resolution, "The same, 0-15; without it the cells tell")
      ->check(CLI::Range(0, 15))
      ->option_text("INT");
  command->add_flag("--dry-run", arguments->dry_run, "Only say what would be done");
  command->add_flag("--json", arguments->json, "Print as JSON");
  command->callback([arguments, run] { *run = [arguments] { return RunRegister(*arguments); }; });
}

}  // namespace earthcatalog::cli
