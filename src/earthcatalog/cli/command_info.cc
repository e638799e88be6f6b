#include <cstdio>
#include <memory>

#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/output.h"

namespace earthcatalog::cli {

void CatalogArguments::AddTo(CLI::App* command) {
  command->add_option("base", base, "Folder with earthcatalog.db and warehouse");
  command->add_option("--catalog", db_path, "SQLite catalog file, instead of BASE");
  command->add_option("--warehouse", warehouse, "Folder of the data files, with --catalog");
}

Result<catalog::Locations> CatalogArguments::Resolve() const {
  const bool both = !db_path.empty() && !warehouse.empty();
  if (!base.empty() && db_path.empty() && warehouse.empty()) return catalog::Locations::FromBase(base);
  if (base.empty() && both) return catalog::Locations{db_path, warehouse};
  return UsageError("say which catalogue: its folder, or --catalog and --warehouse");
}

void AddInfoCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command = app->add_subcommand("info", "What the catalogue holds, in a few lines");
  auto arguments = std::make_shared<CatalogArguments>();
  auto json = std::make_shared<bool>(false);
  arguments->AddTo(command);
  command->add_flag("--json", *json, "Print as JSON");
  command->callback([arguments, json, run] {
    *run = [arguments, json]() -> Result<int> {
      ARROW_ASSIGN_OR_RAISE(const catalog::Locations locations, arguments->Resolve());
      ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(locations));
      ARROW_ASSIGN_OR_RAISE(const catalog::Info info, catalog->GetInfo());
      if (*json) {
        fmt::print("{}\n", InfoToJson(info));
      } else {
        PrintInfo(info);
      }
      return kDone;
    };
  });
}

void AddStatsCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command = app->add_subcommand("stats", "Rows, files and bytes of each cell and year");
  auto arguments = std::make_shared<CatalogArguments>();
  auto json = std::make_shared<bool>(false);
  arguments->AddTo(command);
  command->add_flag("--json", *json, "Print as JSON");
  command->callback([arguments, json, run] {
    *run = [arguments, json]() -> Result<int> {
      ARROW_ASSIGN_OR_RAISE(const catalog::Locations locations, arguments->Resolve());
      ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(locations));
      ARROW_ASSIGN_OR_RAISE(const auto stats, catalog->Stats());
      if (*json) {
        fmt::print("{}\n", StatsToJson(stats));
      } else {
        PrintStats(stats, /*max_lines=*/0);
      }
      return kDone;
    };
  });
}

}  // namespace earthcatalog::cli
