#include <cstdio>
#include <memory>
#include <utility>

#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/cli/s3_options.h"
#include "earthcatalog/ingest/snapshot_notes.h"

namespace earthcatalog::cli {

void CatalogArguments::AddTo(CLI::App* command) {
  command->add_option("base", base, "Folder or s3:// URI with earthcatalog.db and warehouse");
  command->add_option("--catalog", db_path, "SQLite catalog file, instead of BASE");
  command->add_option("--warehouse", warehouse, "Folder or s3:// URI of the data files, with --catalog");
  AddS3Options(command);
}

Result<catalog::Paths> CatalogArguments::Resolve() const {
  const bool both = !db_path.empty() && !warehouse.empty();
  if (!base.empty() && db_path.empty() && warehouse.empty()) {
    return catalog::Paths::FromBase(base, s3);
  }
  if (base.empty() && both) return catalog::Paths{db_path, warehouse, s3};
  return UsageError("say which catalogue: its folder, or --catalog and --warehouse");
}

namespace {

// A command that opens a catalogue and prints `result`, what it has to say of it, as text or as JSON.
template <typename Value>
void AddPrintingCommand(CLI::App* command, Result<Value> (catalog::Catalog::*result)() const,
                        void (*print)(const Described<Value>&),
                        std::string (*to_json)(const Described<Value>&), RunFunction* run) {
  auto arguments = std::make_shared<CatalogArguments>();
  auto json = std::make_shared<bool>(false);
  arguments->AddTo(command);
  AddUnsignedOption(command, &arguments->s3);
  command->add_flag("--json", *json, "Print as JSON");
  command->callback([=] {
    *run = [=]() -> Result<int> {
      ARROW_ASSIGN_OR_RAISE(const catalog::Paths paths, arguments->Resolve());
      ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(paths));
      ARROW_ASSIGN_OR_RAISE(Value value, ((*catalog).*result)());
      const Described<Value> described{std::move(value), ingest::FindOverflowed(catalog->table())};
      if (*json) {
        fmt::print("{}\n", to_json(described));
      } else {
        print(described);
      }
      return kDone;
    };
  });
}

}  // namespace

void AddInfoAndStatsCommands(CLI::App* app, RunFunction* run) {
  AddPrintingCommand(app->add_subcommand("info", "What the catalogue holds, in a few lines"),
                     &catalog::Catalog::GetInfo, &PrintInfo, &InfoToJson, run);
  AddPrintingCommand(app->add_subcommand("stats", "Rows, files and bytes of each cell and year"),
                     &catalog::Catalog::Stats, &PrintStats, &StatsToJson, run);
}

}  // namespace earthcatalog::cli
