#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/catalog/lock.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/cli/run_incremental.h"
#include "earthcatalog/cli/s3_options.h"
#include "earthcatalog/cli/sample_search.h"
#include "earthcatalog/cli/signals.h"
#include "earthcatalog/cli/whole_number.h"
#include "earthcatalog/synthetic/archive.h"

namespace earthcatalog::cli {
namespace {

// Greenland's south-east coast, ten years.
constexpr rows::Box kSearchBox = {-45, 62, -30, 70};
constexpr int kFirstYear = 2015;
constexpr int kLastYear = 2024;
constexpr size_t kShownPartitions = 10;
constexpr size_t kShownItems = 5;
constexpr uint64_t kMaxItems = 10'000'000;  // each is a file of 3 to 4 KB
constexpr char kMarker[] = ".earthcatalog-demo";

struct Arguments {
  std::string program;
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

// What a demo makes; a database that was being written when the demo ended has company.
bool IsOfADemo(std::string_view name) {
  for (const char* made : {kMarker, "archive", "warehouse", "warehouse_failed", "warehouse_objects"}) {
    if (name == made) return true;
  }
  return name.starts_with("earthcatalog.db") || name.starts_with(".lock");
}

// Makes the folder a demo's. Every catalogue looks like what a demo leaves, so that only the marker tells
// them apart.
Status MarkDirectory(const std::filesystem::path& directory) {
  ARROW_ASSIGN_OR_RAISE(const io::Location marker, io::Resolve((directory / kMarker).string()));
  std::error_code error;
  const bool marked = std::filesystem::exists(marker.path, error);
  std::string other;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (!IsOfADemo(name) || (!marked && other.empty())) other = name;
  }
  if (!other.empty()) {
    return UsageError("{} holds '{}', which no demo made; give another folder", directory.string(),
                      OneLine(other));
  }
  if (marked) return Status::OK();
  return io::WriteFileAtomically(marker, "`earthcatalog demo` made what is here, and replaces it.\n");
}

Status RemoveEarlierDemo(const std::filesystem::path& directory) {
  std::error_code error;
  for (const char* name : {"archive", "warehouse", "warehouse_failed", "warehouse_objects", "earthcatalog.db",
                           "earthcatalog.db-journal"}) {
    std::filesystem::remove_all(directory / name, error);
    if (error) return FailedError("cannot remove {}: {}", (directory / name).string(), error.message());
  }
  return Status::OK();
}

// Clears a local folder for the demo, and nothing in it but what an earlier one made. No other demo makes its
// archive there while the lock is held.
Result<std::unique_ptr<catalog::Lock>> PrepareDirectory(const std::filesystem::path& directory) {
  ARROW_RETURN_NOT_OK(MarkDirectory(directory));
  ARROW_ASSIGN_OR_RAISE(const io::Location base, io::Resolve(directory.string()));
  ARROW_ASSIGN_OR_RAISE(auto lock, catalog::Lock::Acquire(base, "demo"));
  ARROW_RETURN_NOT_OK(RemoveEarlierDemo(directory));
  return lock;
}

Status CheckEmpty(const io::Location& base) {
  arrow::fs::FileSelector selector;
  selector.base_dir = base.path;
  selector.allow_not_found = true;
  ARROW_ASSIGN_OR_RAISE(const auto found, base.fs->GetFileInfo(selector));
  if (found.empty()) return Status::OK();
  return UsageError("{} holds '{}' already: in an object store a demo wants a place of its own",
                    io::NameForMessages(base.uri), OneLine(found.front().base_name()));
}

// A folder that goes when the demo ends.
class TemporaryFolder {
 public:
  static Result<std::unique_ptr<TemporaryFolder>> Make() {
    std::error_code error;
    auto path = (std::filesystem::temp_directory_path(error) / "earthcatalog-demo-XXXXXX").string();
    if (error || mkdtemp(path.data()) == nullptr) {
      return FailedError("cannot make a temporary folder: set TMPDIR to a directory that can be written");
    }
    return std::unique_ptr<TemporaryFolder>(new TemporaryFolder(std::move(path)));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  const std::string path_;
};

Status MakeArchive(const Arguments& arguments, const std::string& archive) {
  fmt::print("Making an archive of {} synthetic STAC items in {}\n",
             FormatCount(static_cast<int64_t>(arguments.archive.items)), archive);
  CancelSource cancel;
  const StopOnSignal stop(&cancel);
  return synthetic::WriteArchive(arguments.archive, archive, cancel);
}

// `base`: a folder or URI for the table; `archive`: a local folder for the items.
Result<int> RunDemoIn(const Arguments& arguments, const io::Location& base, const std::string& archive) {
  const auto name = [&](const char* part) {
    return base.local ? (std::filesystem::path(arguments.directory) / part).string() : base.Join(part).uri;
  };
  jobs::IncrementalOptions options;
  options.inventory = archive + "/inventory.csv";
  options.source = archive;
  options.catalog_db = name("earthcatalog.db");
  options.warehouse = name("warehouse");
  fmt::print(
      "Ingesting it, as this command would:\n  {} incremental --inventory {} --source {} "
      "--catalog {} --warehouse {}\n\n",
      arguments.program, options.inventory, options.source, options.catalog_db, options.warehouse);
  ARROW_ASSIGN_OR_RAISE(const int code, RunIncrementalCommand(options, /*json=*/false));

  ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open({options.catalog_db, options.warehouse}));
  ARROW_ASSIGN_OR_RAISE(const auto stats, catalog->Stats());
  fmt::print("\nThe table by cell and year:\n");
  PrintLargest(stats, kShownPartitions);
  ARROW_ASSIGN_OR_RAISE(const SampleSearch search, SearchSample(*catalog, kSearchBox, kFirstYear, kLastYear));
  PrintSearch(search);
  fmt::print("\nLook further:\n  {0} info {1}\n  {0} stats {1}\n  {0} export {1} --output items.ndjson\n",
             arguments.program, arguments.directory);
  return code;
}

Result<int> RunDemo(const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const io::Location base, io::Resolve(arguments.directory));
  std::unique_ptr<catalog::Lock> lock;
  std::unique_ptr<TemporaryFolder> temporary;
  std::string archive;
  if (base.local) {
    ARROW_ASSIGN_OR_RAISE(lock, PrepareDirectory(arguments.directory));
    archive = (std::filesystem::path(arguments.directory) / "archive").string();
  } else {
    ARROW_RETURN_NOT_OK(CheckEmpty(base));
    ARROW_ASSIGN_OR_RAISE(temporary, TemporaryFolder::Make());
    archive = temporary->path();
  }
  ARROW_RETURN_NOT_OK(MakeArchive(arguments, archive));
  lock.reset();  // the run takes it
  return RunDemoIn(arguments, base, archive);
}

}  // namespace

void AddDemoCommand(CLI::App* app, const std::string& program, RunFunction* run) {
  CLI::App* command =
      app->add_subcommand("demo", "Make a small synthetic archive, ingest it, show stats and a search");
  auto arguments = std::make_shared<Arguments>();
  arguments->program = program;
  command
      ->add_option(
          "directory", arguments->directory,
          "Where to put it: a folder, in which what an earlier demo left is replaced, or an s3:// URI")
      ->capture_default_str();
  command->add_option("--items", arguments->archive.items, "Items in the archive")
      ->check(WholeNumber(kMaxItems))
      ->capture_default_str();
  command->add_option("--seed", arguments->archive.seed, "Another seed, another archive")
      ->check(WholeNumber())
      ->capture_default_str();
  AddS3Options(command);
  command->callback([arguments, run] { *run = [arguments] { return RunDemo(*arguments); }; });
}

}  // namespace earthcatalog::cli
