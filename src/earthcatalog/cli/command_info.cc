#include <cstdio>
#include <memory>

#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/layout_text.h"
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

struct Arguments {
  CatalogArguments catalog;
  bool json = false;
  bool all = false;
};

// A command that opens a catalogue and prints what it has to say of it.
CLI::App* AddReadingCommand(CLI::App* app, const char* name, const char* help,
                            const std::shared_ptr<Arguments>& arguments,
                            Status (*print)(const catalog::Catalog&, const Arguments&), RunFunction* run) {
  CLI::App* command = app->add_subcommand(name, help);
  arguments->catalog.AddTo(command);
  AddUnsignedOption(command, &arguments->catalog.s3);
  command->add_flag("--json", arguments->json, "Print as JSON");
  command->callback([=] {
    *run = [=]() -> Result<int> {
      ARROW_ASSIGN_OR_RAISE(const catalog::Paths paths, arguments->catalog.Resolve());
      ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(paths));
      ARROW_RETURN_NOT_OK(print(*catalog, *arguments));
      return kDone;
    };
  });
  return command;
}

Status RunInfo(const catalog::Catalog& catalog, const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const catalog::Info info, catalog.GetInfo());
  if (arguments.json) {
    fmt::print("{}\n", InfoToJson(info, ingest::FindOverflowed(catalog.table())));
  } else {
    PrintInfo(info);
  }
  return Status::OK();
}

Status RunStats(const catalog::Catalog& catalog, const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const maintain::Layout layout, maintain::DescribeLayout(catalog));
  if (arguments.json) {
    fmt::print("{}\n", maintain::LayoutToJson(layout));
  } else {
    ARROW_ASSIGN_OR_RAISE(const catalog::TableGrid grid, catalog.Grid());
    PrintLayout(layout, grid.config, arguments.all);
  }
  return Status::OK();
}

}  // namespace

void AddInfoAndStatsCommands(CLI::App* app, RunFunction* run) {
  const auto arguments = std::make_shared<Arguments>();
  AddReadingCommand(app, "info", "What the catalogue holds, in a few lines", arguments, &RunInfo, run);
  AddReadingCommand(app, "stats",
                    "How the table lies on disk: sizes of files, fan-out, metadata; rows, files and bytes of "
                    "each cell and year",
                    arguments, &RunStats, run)
      ->add_flag("--all", arguments->all, "List every cell and year, not only those with most rows");
}

}  // namespace earthcatalog::cli
