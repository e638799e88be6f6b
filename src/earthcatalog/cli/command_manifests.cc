#include <cstdio>
#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/maintain/manifests.h"

namespace earthcatalog::cli {
namespace {

struct Arguments {
  CatalogArguments catalog;
  bool dry_run = false;
  bool json = false;
};

std::string Describe(const iceberg::ManifestTotals& manifests) {
  return fmt::format("{} manifests ({}), of which a search for one cell and year reads up to {}",
                     FormatCount(manifests.count), FormatByteSize(manifests.bytes),
                     FormatCount(manifests.deepest + manifests.fixed));
}

void PrintManifests(const maintain::ManifestsReport& report) {
  fmt::print("{}\n", Describe(report.before));
  if (report.dry_run) {
    fmt::print("{}\n", maintain::AreManifestsScattered(report.before) ? "They are worth rewriting"
                                                                      : "They lie well as they are");
  } else if (report.rewritten) {
    fmt::print("are {} now\n", Describe(report.after));
  } else {
    fmt::print("They lie well as they are: nothing was done\n");
  }
}

Result<int> RunRewriteManifests(const Arguments& arguments) {
  maintain::ManifestsOptions options;
  ARROW_ASSIGN_OR_RAISE(options.paths, arguments.catalog.Resolve());
  options.dry_run = arguments.dry_run;
  maintain::ManifestsReport report;
  ARROW_RETURN_NOT_OK(maintain::RewriteManifests(options, &report));
  if (arguments.json) {
    fmt::print("{}\n", maintain::ManifestsReportToJson(report));
  } else {
    PrintManifests(report);
  }
  return kDone;
}

}  // namespace

void AddRewriteManifestsCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command = app->add_subcommand(
      "rewrite-manifests", "Arrange the table's manifests by cell, so that searches read few of them");
  auto arguments = std::make_shared<Arguments>();
  arguments->catalog.AddTo(command);
  command->add_flag("--dry-run", arguments->dry_run, "Only say how they lie");
  command->add_flag("--json", arguments->json, "Print as JSON");
  command->callback([arguments, run] { *run = [arguments] { return RunRewriteManifests(*arguments); }; });
}

}  // namespace earthcatalog::cli
