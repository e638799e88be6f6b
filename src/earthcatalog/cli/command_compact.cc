#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/progress_bar.h"
#include "earthcatalog/cli/signals.h"
#include "earthcatalog/cli/whole_number.h"
#include "earthcatalog/maintain/compact.h"

namespace earthcatalog::cli {
namespace {

constexpr int kMost = std::numeric_limits<int>::max();

struct Arguments {
  CatalogArguments catalog;
  maintain::CompactOptions options;
  std::string target_size;
  std::string memory_limit;
  std::vector<std::string> column_types;  // each NAME=TYPE
  bool json = false;
};

void PrintCompact(const maintain::CompactReport& report) {
  fmt::print("{} {} files of {} cells and years anew, as {}; {} cells and years were looked at\n",
             report.dry_run ? "Would write" : "Wrote", FormatCount(report.files_rewritten),
             FormatCount(report.buckets_compacted), FormatCount(report.files_written),
             FormatCount(report.buckets_scanned));
  const auto line = [](const char* label, const std::string& before, const std::string& after) {
    fmt::print("  {:<6}{:>16}  ->{:>16}\n", label, before, after);
  };
  line("files", FormatCount(report.files_before), FormatCount(report.files_after));
  line("size", FormatByteSize(report.bytes_before), FormatByteSize(report.bytes_after));
  line("rows", FormatCount(report.rows_before), FormatCount(report.rows_after));
  for (const auto& [name, from, to] : report.changed_columns) {
    fmt::print("  column {}: {} -> {}\n", OneLine(name), from, to);
  }
  if (report.rows_superseded > 0) {
    fmt::print("  note: {} rows of older versions were left out\n", FormatCount(report.rows_superseded));
  }
  if (report.files_rewritten > 0 && !report.dry_run) {
    fmt::print(
        "  note: the replaced files stay until earthcatalog expire deletes them: who reads the folder by its "
        "paths, not the table, reads their rows, too\n");
  }
  if (report.unique) fmt::print("  note: each item has one version now\n");
  fmt::print("Took {:.1f} s and {} {}, at most {} of memory\n", report.seconds, FormatCount(report.commits),
             report.commits == 1 ? "commit" : "commits", FormatByteSize(report.peak_memory));
}

// Names of columns may have any characters, names of types no `=`.
Status ReadColumnTypes(const std::vector<std::string>& texts, std::map<std::string, std::string>* types) {
  for (const std::string& text : texts) {
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      return UsageError("--column-type takes NAME=TYPE, as eo:cloud_cover=double, not '{}'", OneLine(text));
    }
    const std::string name = text.substr(0, equals);
    if (!types->emplace(name, text.substr(equals + 1)).second) {
      return UsageError("--column-type is there twice for {}", OneLine(name));
    }
  }
  return Status::OK();
}

Result<int> RunCompact(Arguments arguments) {
  maintain::CompactOptions& options = arguments.options;
  ARROW_ASSIGN_OR_RAISE(options.paths, arguments.catalog.Resolve());
  if (!arguments.target_size.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.target_bytes, ParseByteSize(arguments.target_size));
  }
  if (!arguments.memory_limit.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.memory_bytes, ParseByteSize(arguments.memory_limit));
  }
  ARROW_RETURN_NOT_OK(ReadColumnTypes(arguments.column_types, &options.column_types));
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  maintain::CompactReport report;
  Status compacted;
  {
    ProgressBar bar("rows");
    compacted = maintain::Compact(
        options, [&](const Progress& progress) { bar.Update(progress); }, cancel, &report);
  }
  if (arguments.json) {
    fmt::print("{}\n", maintain::CompactReportToJson(report));
  } else if (compacted.ok() || report.commits > 0) {
    PrintCompact(report);
  }
  if (KindOf(compacted) == ErrorKind::kInterrupted) {
    return compacted.WithMessage(
        fmt::format("interrupted; what {} commits have written anew stays, all else is as it was",
                    FormatCount(report.commits)));
  }
  ARROW_RETURN_NOT_OK(compacted);
  return kDone;
}

}  // namespace

void AddCompactCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command = app->add_subcommand(
      "compact", "Unite the small files of each cell and year, and leave out superseded versions of items");
  auto arguments = std::make_shared<Arguments>();
  maintain::CompactOptions& options = arguments->options;
  arguments->catalog.AddTo(command);
  command
      ->add_option("--threshold", options.threshold,
                   "Only where a cell and year has so many files that are worth uniting")
      ->check(CLI::Range(1, kMost))
      ->option_text("INT")
      ->capture_default_str();
  command->add_option("--target-size", arguments->target_size, "Of the files written; 128MiB without it");
  command->add_flag("--rewrite-all", options.rewrite_all,
                    "Write all files anew, also those that are good as they are");
  command
      ->add_option(
          "--column-type", arguments->column_types,
          "Change the column NAME to TYPE: all files are written anew, in one commit. boolean, int, "
          "long, float, double, string, timestamptz, or a list of these, as list<string>. May be given "
          "several times")
      ->option_text("NAME=TYPE")
      ->allow_extra_args(false);
  command
      ->add_option("--batch", options.buckets_per_commit,
                   "So many cells and years in a commit, so that an interrupted run keeps what it did; "
                   "without it one commit for all")
      ->check(WholeNumber(kMost));
  command->add_option("--memory-limit", arguments->memory_limit, "512MiB without it; at least 64MiB");
  command
      ->add_option("--threads", options.threads,
                   "Cells and years that are worked on at once; 0: one per core")
      ->check(WholeNumber(kMost))
      ->capture_default_str();
  command->add_flag("--use-lock", options.use_lock,
                    "Lock the catalogue. Without it others may add meanwhile, and who changes the same files "
                    "fails");
  command->add_flag("--dry-run", options.dry_run, "Only say what would be done");
  command->add_flag("--json", arguments->json, "Print the report as JSON");
  command->callback([arguments, run] { *run = [arguments] { return RunCompact(*arguments); }; });
}

}  // namespace earthcatalog::cli
