#include <arrow/io/stdio.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <optional>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/cli/progress_bar.h"
#include "earthcatalog/cli/s3_options.h"
#include "earthcatalog/cli/signals.h"
#include "earthcatalog/io/atomic_output.h"
#include "earthcatalog/jobs/export.h"

namespace earthcatalog::cli {
namespace {

using jobs::ExportFormat;

const std::map<std::string, ExportFormat> kFormats = {{"ndjson", ExportFormat::kNdjson},
                                                      {"stac-json", ExportFormat::kStacJson},
                                                      {"parquet", ExportFormat::kParquet}};

// Turns a format's name into its number, which is what CLI11 can read.
std::string ReadFormat(std::string& text) {
  const auto format = kFormats.find(text);
  if (format == kFormats.end()) {
    return fmt::format("there is no format '{}'; there are ndjson, stac-json and parquet", OneLine(text));
  }
  text = std::to_string(static_cast<int>(format->second));
  return "";
}

struct Arguments {
  CatalogArguments catalog;
  jobs::ExportOptions options;
  std::string output;
  bool json = false;
};

Status ExportTo(const Arguments& arguments, const std::shared_ptr<arrow::io::OutputStream>& sink,
                jobs::ExportReport* report) {
  ARROW_ASSIGN_OR_RAISE(const catalog::Paths paths, arguments.catalog.Resolve());
  ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(paths));
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  std::optional<ProgressBar> bar;
  if (!arguments.output.empty()) bar.emplace();  // a terminal shows either the items or how far they are
  const auto update = [&](const Progress& progress) {
    if (bar) bar->Update(progress);
  };
  return jobs::Export(*catalog, arguments.options, sink, update, cancel, report);
}

Status ExportToFile(const Arguments& arguments, jobs::ExportReport* report) {
  ARROW_ASSIGN_OR_RAISE(const io::Location location, io::Resolve(arguments.output));
  ARROW_ASSIGN_OR_RAISE(const auto file, io::AtomicOutput::Open(location));
  ARROW_RETURN_NOT_OK(ExportTo(arguments, file->stream(), report));
  ARROW_RETURN_NOT_OK(file->Commit());
  PrintAside(fmt::format("{} items in {}\n", FormatCount(static_cast<int64_t>(report->items)),
                         io::NameForMessages(arguments.output)));
  if (arguments.json) fmt::print("{}\n", jobs::ExportReportToJson(*report));
  return Status::OK();
}

Result<int> RunExport(const Arguments& arguments) {
  jobs::ExportReport report;
  if (arguments.json && arguments.output.empty()) {
    return UsageError("--json goes to standard output, where the items are: give --output");
  }
  if (!arguments.output.empty()) {
    ARROW_RETURN_NOT_OK(ExportToFile(arguments, &report));
  } else if (arguments.options.format == ExportFormat::kParquet && isatty(STDOUT_FILENO) != 0) {
    return UsageError("a Parquet file is not for the terminal: give --output");
  } else {
    ARROW_RETURN_NOT_OK(ExportTo(arguments, std::make_shared<arrow::io::StdoutStream>(), &report));
  }
  if (report.skipped_null_geometry > 0) {
    PrintAside(
        fmt::format("left out {} items without a geometry or with an empty one (--skip-null-geometry)\n",
                    FormatCount(static_cast<int64_t>(report.skipped_null_geometry))));
  }
  if (report.missing_ids.empty()) return kDone;
  return NotFoundError("{} of the ids are not in the table: {}", report.missing_ids.size(),
                       jobs::NameIds(report.missing_ids));
}

}  // namespace

void AddExportCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command =
      app->add_subcommand("export", "The items as they were: each once, in its newest version");
  auto arguments = std::make_shared<Arguments>();
  arguments->catalog.AddTo(command);
  AddUnsignedOption(command, &arguments->catalog.s3);
  command
      ->add_option("--format", arguments->options.format,
                   "ndjson: an item a line; stac-json: a FeatureCollection; parquet: a stac-geoparquet file")
      ->transform(CLI::Validator(ReadFormat, ""))
      ->option_text("FORMAT");
  command->add_option("--ids", arguments->options.ids, "Only the items with these ids; behind BASE");
  command->add_flag("--skip-null-geometry", arguments->options.skip_null_geometry,
                    "Leave out the items without a geometry or with an empty one, so without a box, at which "
                    "stac-geoparquet and rustac end, and say how many they are");
  command->add_option(
      "--output", arguments->output,
      "File to write, which appears, or replaces what is there, when it is complete; standard "
      "output without it");
  command->add_flag("--json", arguments->json, "Print the report as JSON; with --output");
  command->callback([arguments, run] { *run = [arguments] { return RunExport(*arguments); }; });
}

}  // namespace earthcatalog::cli
