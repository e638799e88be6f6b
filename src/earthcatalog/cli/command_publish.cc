#include <cstdio>
#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/signals.h"
#include "earthcatalog/maintain/publish.h"

namespace earthcatalog::cli {
namespace {

struct Arguments {
  CatalogArguments catalog;
  std::string url_prefix;
  bool json = false;
};

Result<int> RunPublish(const Arguments& arguments) {
  maintain::PublishOptions options;
  ARROW_ASSIGN_OR_RAISE(options.paths, arguments.catalog.Resolve());
  options.url_prefix = arguments.url_prefix;
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  maintain::PublishReport report;
  ARROW_RETURN_NOT_OK(maintain::Publish(options, cancel, &report));
  if (arguments.json) {
    fmt::print("{}\n", maintain::PublishReportToJson(report));
  } else {
    fmt::print("Published version {}: {} rows in {} files\n{}\n", report.version,
               FormatCount(report.excerpt.rows), FormatCount(report.excerpt.files), report.table_url);
  }
  return kDone;
}

}  // namespace

void AddPublishCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command = app->add_subcommand(
      "publish", "Write metadata for readers over the web, who need no catalog and no credentials");
  auto arguments = std::make_shared<Arguments>();
  arguments->catalog.AddTo(command);
  command
      ->add_option("--url-prefix", arguments->url_prefix,
                   "Where readers find the warehouse folder: http://… or https://…")
      ->required()
      ->option_text("URL");
  command->add_flag("--json", arguments->json, "Print as JSON");
  command->callback([arguments, run] { *run = [arguments] { return RunPublish(*arguments); }; });
}

}  // namespace earthcatalog::cli
