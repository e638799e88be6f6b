#include <algorithm>
#include <cstdio>
#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/cli/progress_bar.h"
#include "earthcatalog/cli/run_incremental.h"
#include "earthcatalog/cli/s3_options.h"
#include "earthcatalog/cli/signals.h"
#include "earthcatalog/cli/whole_number.h"
#include "earthcatalog/jobs/config.h"

namespace earthcatalog::cli {
namespace {

struct Arguments {
  jobs::IncrementalOptions options;
  std::string config_path;
  std::string since;
  std::string memory_limit;
  int h3_resolution = -1;
  bool no_lock = false;
  bool no_sync = false;
  bool json = false;
  CLI::Option* chunk_size = nullptr;
  CLI::Option* workers = nullptr;
  CLI::Option* batch_add_files = nullptr;
};

// A flag beats the file, the file beats the default.
Status ApplyConfig(Arguments* arguments) {
  if (arguments->config_path.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const jobs::Config config, jobs::LoadConfig(arguments->config_path));
  jobs::IncrementalOptions& options = arguments->options;
  if (options.catalog_db.empty()) options.catalog_db = config.db_path.value_or("");
  if (options.warehouse.empty()) options.warehouse = config.warehouse.value_or("");
  if (config.grid) options.grid = config.grid;
  if (arguments->chunk_size->empty() && config.chunk_size) options.chunk_size = config.chunk_size;
  if (arguments->workers->empty() && config.max_in_flight) options.max_in_flight = *config.max_in_flight;
  if (arguments->batch_add_files->empty() && config.batch_add_files)
    options.batch_add_files = *config.batch_add_files;
  return Status::OK();
}

Result<jobs::IncrementalOptions> OptionsOf(Arguments arguments) {
  ARROW_RETURN_NOT_OK(ApplyConfig(&arguments));
  jobs::IncrementalOptions& options = arguments.options;
  if (!arguments.since.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.since, ParseInstant(arguments.since));
  }
  if (!arguments.memory_limit.empty()) {
    ARROW_ASSIGN_OR_RAISE(options.memory_limit, ParseByteSize(arguments.memory_limit));
  }
  if (arguments.h3_resolution >= 0) {
    options.grid = grid::Config{};
    options.grid->resolution = arguments.h3_resolution;
  }
  options.use_lock = !arguments.no_lock;
  options.sync = !arguments.no_sync;
  return options;
}

}  // namespace

Result<int> RunIncrementalCommand(const jobs::IncrementalOptions& options, bool json) {
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  jobs::IncrementalReport report;
  Status status;
  {
    ProgressBar bar;
    status = jobs::RunIncremental(
        options, [&](const Progress& progress) { bar.Update(progress); }, &cancel, &report);
  }
  std::ranges::transform(report.notices, report.notices.begin(), WithFlags);
  report.error = WithFlags(report.error);
  const bool started = status.ok() || report.inventory.rows > 0;
  if (json) {
    fmt::print("{}\n", jobs::ReportToJson(report));
  } else if (started) {
    PrintSummary(report);
  }
  if (KindOf(status) == ErrorKind::kInterrupted) {
    return status.WithMessage(
        fmt::format("interrupted; the table holds the {} items of {} commits of this run, the other rows "
                    "were not touched",
                    FormatCount(static_cast<int64_t>(report.items_catalogued)), report.commits));
  }
  ARROW_RETURN_NOT_OK(status);
  return report.items_quarantined > 0 || report.inventory.malformed > 0 ? kFailed : kDone;
}

void AddIncrementalCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command = app->add_subcommand("incremental", "Ingest the items of an inventory into the table");
  auto arguments = std::make_shared<Arguments>();
  jobs::IncrementalOptions& options = arguments->options;
  command->add_option(
      "--inventory", options.inventory,
      "CSV, CSV.gz, Parquet, ORC or a manifest.json: a path, http(s):// or s3:// URL; needed, unless "
      "--retry-failed is given");
  command->add_option(
      "--catalog", options.catalog_db,
      "SQLite catalog file, made when missing: a path or an s3:// URI; needed, here or in --config");
  command->add_option(
      "--warehouse", options.warehouse,
      "Folder of the data files, made when missing: a path or an s3:// URI; needed, here or in "
      "--config. With one in S3 a local --catalog is a copy of the catalog there");
  command->add_option("--source", options.source,
                      "Folder or http(s) URL that holds <bucket>/<key>; without it s3://<bucket>/<key>");
  command->add_option("--since", arguments->since,
                      "Only rows last modified at or after this date or date-time (UTC)");
  command->add_option("--limit", options.limit, "At most so many items")->check(WholeNumber());
  command->add_option("--suffix", options.suffix, "Only keys that end so")->capture_default_str();
  command->add_option("--config", arguments->config_path, "YAML file with defaults for these options");
  arguments->chunk_size = command
                              ->add_option("--chunk-size", options.chunk_size,
                                           "Items per commit; without it as many as fit the memory limit")
                              ->check(WholeNumber());
  command->add_option("--memory-limit", arguments->memory_limit, "512MiB without it; at least 128MiB");
  arguments->workers = command->add_option("--workers", options.max_in_flight, "Requests in flight")
                           ->check(WholeNumber())
                           ->capture_default_str();
  command
      ->add_option("--threads", options.threads,
                   "Threads for encoding, for writing, and (at most 8) for fetching; 0: one per core")
      ->check(WholeNumber())
      ->capture_default_str();
  command->add_option("--h3-resolution", arguments->h3_resolution, "Of a new table, 0-15; 1 without it")
      ->check(CLI::Range(0, 15))
      ->option_text("INT");
  arguments->batch_add_files =
      command->add_flag("--batch-add-files", options.batch_add_files, "One commit for the whole run");
  command->add_flag("--no-lock", arguments->no_lock, "Do not lock the catalogue against other writers");
  command->add_flag("--no-sync", arguments->no_sync,
                    "Do not wait until files are on the disk before each commit");
  command->add_flag("--retry-failed", options.retry_failed,
                    "Take up the quarantined rows again, before the inventory");
  command->add_flag("--again", options.again,
                    "When the table holds the whole inventory already: add it once more");
  command
      ->add_option_function<std::string>(
          "--on-known", [&options](const std::string& what) { options.add_known = what == "append"; },
          "Objects that the table has ingested, unchanged since: skip, or append them again; skip without it")
      ->check(CLI::IsMember({"skip", "append"}))
      ->option_text("skip|append");
  command->add_flag("--json", arguments->json, "Print the report as JSON");
  AddS3Options(command);
  command->callback([arguments, run] {
    *run = [arguments]() -> Result<int> {
      ARROW_ASSIGN_OR_RAISE(const jobs::IncrementalOptions settled, OptionsOf(*arguments));
      return RunIncrementalCommand(settled, arguments->json);
    };
  });
}

}  // namespace earthcatalog::cli
