#include "earthcatalog/cli/main.h"

#include <malloc.h>

#include <cstdio>
#include <cstdlib>

#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/output.h"

namespace earthcatalog::cli {
namespace {

// --memory-limit is about what the process takes from the system. With an arena per thread and Arrow's own
// pool on top, freed memory stays with whoever freed it: measured, 230 MiB instead of 120 for the same run.
void KeepLittleFreedMemory() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*overwrite=*/0);
}

int ExitCodeOf(const Status& status) { return KindOf(status) == ErrorKind::kUsage ? kUsage : kFailed; }

}  // namespace

int Main(int argc, char** argv) {
  KeepLittleFreedMemory();
  CLI::App app{"earthcatalog turns archives of STAC items into one Iceberg table of GeoParquet files"};
  app.name("earthcatalog");
  app.set_version_flag("--version", EARTHCATALOG_VERSION);
  app.require_subcommand(1);
  RunFunction run;
  AddIncrementalCommand(&app, &run);
  AddDemoCommand(&app, &run);
  AddInfoCommand(&app, &run);
  AddStatsCommand(&app, &run);
  const auto named = [&](const CLI::App* command) { return argc > 1 && command->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(named).empty()) {
    PrintError(UsageError("there is no command '{}'; see earthcatalog --help", argv[1]));
    return kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) return app.exit(error);  // --help
    PrintError(UsageError("{}; see earthcatalog --help", error.what()));
    return kUsage;
  }
  const Result<int> code = run();
  std::fflush(stdout);
  if (code.ok()) return *code;
  PrintError(code.status());
  return ExitCodeOf(code.status());
}

}  // namespace earthcatalog::cli
