#include <cstdio>
#include <filesystem>
#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/cli/run_incremental.h"
#include "earthcatalog/cli/sample_search.h"
#include "earthcatalog/synthetic/archive.h"

namespace earthcatalog::cli {
namespace {

// Greenland's south-east coast, ten years.
constexpr catalog::Box kSearchBox = {-45, 62, -30, 70};
constexpr int kFirstYear = 2015;
constexpr int kLastYear = 2024;
constexpr size_t kShownPartitions = 10;
constexpr size_t kShownItems = 5;

struct Arguments {
  std::string directory = "earthcatalog-demo";
  synthetic::ArchiveOptions archive;
};

void PrintSearch(const SampleSearch& search) {
  fmt::print("\nSearch: box {},{} to {},{}, years {}-{}\n", kSearchBox.west, kSearchBox.south,
             kSearchBox.east, kSearchBox.north, kFirstYear, kLastYear);
  fmt::print("  {} items found in {:.0f} ms; {} of {} files read, the others pruned by cell and year\n",
             FormatCount(static_cast<int64_t>(search.items.size())), search.seconds * 1000, search.files_read,
             search.files_total);
  for (size_t i = 0; i < std::min(kShownItems, search.items.size()); ++i) {
    const FoundItem& item = search.items[i];
    fmt::print("  {:<29}{:<14}{}\n", item.datetime, item.platform, item.id);
  }
  if (search.items.size() > kShownItems) fmt::print("  …\n");
}

// Only what an earlier demo made is replaced: a folder with anything else in it is refused.
Status PrepareDirectory(const std::filesystem::path& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name == "archive" || name == "warehouse" || name == "earthcatalog.db" || name == "warehouse_failed")
      continue;
    return UsageError("{} holds '{}', which no demo made; give another folder", directory.string(),
                      OneLine(name));
  }
  for (const char* name : {"archive", "warehouse", "earthcatalog.db", "warehouse_failed"}) {
    std::filesystem::remove_all(directory / name, error);
    if (error) return FailedError("cannot remove {}: {}", (directory / name).string(), error.message());
  }
  return Status::OK();
}

Result<int> RunDemo(const Arguments& arguments) {
  const std::filesystem::path directory = arguments.directory;
  ARROW_RETURN_NOT_OK(PrepareDirectory(directory));
  const std::string archive = (directory / "archive").string();
  fmt::print("Making an archive of {} synthetic STAC items in {}\n",
             FormatCount(static_cast<int64_t>(arguments.archive.items)), archive);
  ARROW_RETURN_NOT_OK(synthetic::WriteArchive(arguments.archive, archive));

  pipeline::IncrementalOptions options;
  options.inventory = (directory / "archive" / "inventory.csv").string();
  options.source = archive;
  options.catalog_db = (directory / "earthcatalog.db").string();
  options.warehouse = (directory / "warehouse").string();
  fmt::print(
      "Ingesting it, as this command would:\n  earthcatalog incremental --inventory {} --source {} --catalog "
      "{} "
      "--warehouse {}\n\n",
      options.inventory, options.source, options.catalog_db, options.warehouse);
  ARROW_ASSIGN_OR_RAISE(const int code, RunIncrementalCommand(options, /*json=*/false));

  ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open({options.catalog_db, options.warehouse}));
  ARROW_ASSIGN_OR_RAISE(const auto stats, catalog->Stats());
  fmt::print("\nThe table by cell and year:\n");
  PrintStats(stats, kShownPartitions);
  ARROW_ASSIGN_OR_RAISE(const SampleSearch search, SearchSample(*catalog, kSearchBox, kFirstYear, kLastYear));
  PrintSearch(search);
  fmt::print("\nLook further:  earthcatalog info {0}   earthcatalog stats {0}\n", arguments.directory);
  return code;
}

}  // namespace

void AddDemoCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command =
      app->add_subcommand("demo", "Make a small synthetic archive, ingest it, show stats and a search");
  auto arguments = std::make_shared<Arguments>();
  command
      ->add_option("directory", arguments->directory,
                   "Where to put it; what an earlier demo left is replaced")
      ->capture_default_str();
  command->add_option("--items", arguments->archive.items, "Items in the archive")->capture_default_str();
  command->add_option("--seed", arguments->archive.seed, "Another seed, another archive")
      ->capture_default_str();
  command->callback([arguments, run] { *run = [arguments] { return RunDemo(*arguments); }; });
}

}  // namespace earthcatalog::cli
