#include <cstdio>
#include <memory>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/progress_bar.h"
#include "earthcatalog/cli/s3_options.h"
#include "earthcatalog/cli/signals.h"
#include "earthcatalog/keys/check_hash_index.h"
#include "earthcatalog/keys/hash_index.h"

namespace earthcatalog::cli {
namespace {

constexpr size_t kTextBytes = 1000;

struct Arguments {
  CatalogArguments catalog;
  keys::HashIndexOptions options;
  std::string memory_limit;
  bool json = false;
};

using Write = Status (*)(const keys::HashIndexOptions&, const ProgressCallback&, const CancelSource&,
                         keys::HashIndexReport*);

Status Settle(Arguments* arguments) {
  ARROW_ASSIGN_OR_RAISE(arguments->options.paths, arguments->catalog.Resolve());
  if (arguments->memory_limit.empty()) return Status::OK();
  return ParseByteSize(arguments->memory_limit).Value(&arguments->options.sort.memory_bytes);
}

Result<int> RunWrite(Arguments arguments, Write write) {
  ARROW_RETURN_NOT_OK(Settle(&arguments));
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  keys::HashIndexReport report;
  {
    ProgressBar bar("rows");
    ARROW_RETURN_NOT_OK(write(
        arguments.options, [&](const Progress& progress) { bar.Update(progress); }, cancel, &report));
  }
  if (arguments.json) {
    fmt::print("{}\n", keys::HashIndexReportToJson(report));
    return kDone;
  }
  fmt::print("{} ids are known in {}, {} of them new\n", FormatCount(report.count),
             OneLine(report.path, kTextBytes), FormatCount(report.added));
  fmt::print("Key: {}. Read {} rows in {:.1f} s, at most {} of memory\n", keys::NameOf(report.rule),
             FormatCount(report.rows), report.seconds, FormatByteSize(report.peak_memory));
  return kDone;
}

Result<int> RunCount(Arguments arguments) {
  ARROW_RETURN_NOT_OK(Settle(&arguments));
  ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(arguments.options.paths));
  ARROW_ASSIGN_OR_RAISE(const auto index, keys::OpenHashIndex(*catalog));
  if (arguments.json) {
    fmt::print("{{\"count\": {}}}\n", index->count());
  } else {
    fmt::print("{}\n", index->count());
  }
  return kDone;
}

void PrintCheck(const keys::HashIndexCheck& check) {
  for (const auto& item : check.first_missing) {
    fmt::print("missing    {}{} ({})\n", item.collection ? OneLine(*item.collection) + "/" : "",
               OneLine(item.id, kTextBytes), keys::HexOf(item.hash));
  }
  for (const keys::KeyHash& hash : check.first_extra) fmt::print("extra      {}\n", keys::HexOf(hash));
  if (!check.sorted) fmt::print("note: it is not sorted, or has hashes twice; an update mends it\n");
  if (!check.collections.empty()) {
    fmt::print("It hashes ids alone, but the table has the collections '{}' and '{}': build it anew\n",
               OneLine(check.collections[0]), OneLine(check.collections[1]));
    return;
  }
  fmt::print("{} hashes for {} items: {} missing, {} of no item: {}\n", FormatCount(check.count),
             FormatCount(check.table_items), FormatCount(check.missing), FormatCount(check.extra),
             check.sound() ? "sound" : "not sound");
}

Result<int> RunCheck(Arguments arguments) {
  ARROW_RETURN_NOT_OK(Settle(&arguments));
  ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(arguments.options.paths));
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  keys::HashIndexCheck check;
  {
    ProgressBar bar("rows");
    ARROW_RETURN_NOT_OK(keys::CheckHashIndex(
        *catalog, arguments.options.sort, [&](const Progress& progress) { bar.Update(progress); }, cancel,
        &check));
  }
  if (arguments.json) {
    fmt::print("{}\n", keys::HashIndexCheckToJson(check));
  } else {
    PrintCheck(check);
  }
  return check.sound() ? kDone : kFailed;
}

// A subcommand that runs `run`.
template <typename Run>
CLI::App* AddPart(CLI::App* command, const char* name, const char* text,
                  const std::shared_ptr<Arguments>& arguments, RunFunction* chosen, Run run) {
  CLI::App* part = command->add_subcommand(name, text);
  arguments->catalog.AddTo(part);
  part->add_flag("--json", arguments->json, "Print as JSON");
  part->callback([arguments, chosen, run] { *chosen = [arguments, run] { return run(*arguments); }; });
  return part;
}

void AddMemoryLimit(CLI::App* part, const std::shared_ptr<Arguments>& arguments) {
  part->add_option("--memory-limit", arguments->memory_limit, "Of sorting; 16MiB without it");
}

}  // namespace

void AddHashIndexCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command =
      app->add_subcommand("hash-index", "The file of hashes by which a table's items are known");
  command->require_subcommand(1);

  const auto build = std::make_shared<Arguments>();
  CLI::App* part =
      AddPart(command, "build", "Make it from the table's rows", build, run,
              [](const Arguments& arguments) { return RunWrite(arguments, &keys::BuildHashIndex); });
  part->add_option("--path", build->options.path,
                   "Where it is to lie, which the table notes; without it where the table says");
  AddMemoryLimit(part, build);

  const auto update = std::make_shared<Arguments>();
  part = AddPart(command, "update", "Add the ids of what the table has got since, or of files", update, run,
                 [](const Arguments& arguments) { return RunWrite(arguments, &keys::UpdateHashIndex); });
  part->add_option("--file", update->options.files,
                   "Parquet files with a column `id` whose ids are added, instead of the table's");
  AddMemoryLimit(part, update);

  const auto count = std::make_shared<Arguments>();
  part = AddPart(command, "count", "How many items are known, by the file's footer", count, run, &RunCount);
  AddUnsignedOption(part, &count->catalog.s3);

  const auto check = std::make_shared<Arguments>();
  part = AddPart(command, "check", "Whether it knows the table's items, and no others; changes nothing",
                 check, run, &RunCheck);
  AddUnsignedOption(part, &check->catalog.s3);
  AddMemoryLimit(part, check);
}

}  // namespace earthcatalog::cli
