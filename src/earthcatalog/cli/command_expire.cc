#include <cstdio>
#include <limits>
#include <memory>
#include <optional>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/age_option.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/cli/signals.h"
#include "earthcatalog/cli/whole_number.h"
#include "earthcatalog/maintain/expire.h"

namespace earthcatalog::cli {
namespace {

struct Arguments {
  CatalogArguments catalog;
  std::optional<int64_t> older_than;
  std::optional<int> keep_last;
  bool dry_run = false;
  bool json = false;
};

std::string Count(size_t count) { return FormatCount(static_cast<int64_t>(count)); }

void PrintExpire(const maintain::ExpireReport& report) {
  const iceberg::Table::ExpireReport& expired = report.expired;
  const auto path = [](const std::string& file) { return OneLine(file, 1000); };
  PrintFirst("snapshot ", expired.snapshots, [](int64_t snapshot) { return snapshot; });
  PrintFirst("branch or tag ", expired.refs, [](const std::string& ref) { return OneLine(ref, 300); });
  PrintFirst("", expired.files, path);
  PrintFirst("left: ", expired.left, path);
  fmt::print("{} {} snapshots, {} branches and tags; {} {} files ({}) that only they reach\n",
             report.dry_run ? "Would expire" : "Expired", Count(expired.snapshots.size()),
             Count(expired.refs.size()), report.dry_run ? "would delete" : "deleted",
             Count(expired.files.size()), FormatByteSize(expired.bytes));
  if (!expired.needed.empty()) {
    fmt::print(
        "{} files stay, since published trees name them: earthcatalog clean removes them when these "
        "are gone\n",
        Count(expired.needed.size()));
  }
  if (!expired.left.empty()) {
    fmt::print("{} files are left: they lie outside of the table's folders, or could not be deleted\n",
               Count(expired.left.size()));
  }
}

Result<int> RunExpire(const Arguments& arguments) {
  maintain::ExpireOptions options;
  ARROW_ASSIGN_OR_RAISE(options.paths, arguments.catalog.Resolve());
  if (arguments.older_than) options.older_than = std::chrono::seconds(*arguments.older_than);
  options.keep_last = arguments.keep_last;
  options.dry_run = arguments.dry_run;
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  maintain::ExpireReport report;
  ARROW_RETURN_NOT_OK(maintain::Expire(options, cancel, &report));
  if (arguments.json) {
    fmt::print("{}\n", maintain::ExpireReportToJson(report));
  } else {
    PrintExpire(report);
  }
  return kDone;
}

}  // namespace

void AddExpireCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command = app->add_subcommand(
      "expire", "Forget snapshots that are too old, and delete the files that only they reach");
  auto arguments = std::make_shared<Arguments>();
  arguments->catalog.AddTo(command);
  AddAgeOption(
      command, &arguments->older_than,
      "Only snapshots made so long ago: 12h, 5d; without it the age that the table or a branch states, "
      "or 5d");
  command
      ->add_option(
          "--keep-last", arguments->keep_last,
          "So many of each branch stay, however old; without it what the table or the branch states, "
          "or 1")
      ->check(WholeNumber(std::numeric_limits<int>::max()))
      ->option_text("N");
  command->add_flag("--dry-run", arguments->dry_run, "Only say what would go");
  command->add_flag("--json", arguments->json, "Print as JSON");
  command->callback([arguments, run] { *run = [arguments] { return RunExpire(*arguments); }; });
}

}  // namespace earthcatalog::cli
