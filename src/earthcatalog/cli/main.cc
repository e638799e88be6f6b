#include "earthcatalog/cli/main.h"

#include <cstdio>

#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/output.h"

namespace earthcatalog::cli {
namespace {

int ExitCodeOf(const Status& status) { return KindOf(status) == ErrorKind::kUsage ? kUsage : kFailed; }

}  // namespace

int Main(int argc, char** argv) {
  CLI::App app{"earthcatalog turns archives of STAC items into one Iceberg table of GeoParquet files"};
  app.name("earthcatalog");
  app.set_version_flag("--version", EARTHCATALOG_VERSION);
  app.require_subcommand(1);
  RunFunction run;
  AddIncrementalCommand(&app, &run);
  AddDemoCommand(&app, &run);
  AddInfoCommand(&app, &run);
  AddStatsCommand(&app, &run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kUsage;
  }
  const Result<int> code = run();
  std::fflush(stdout);
  if (code.ok()) return *code;
  PrintError(code.status());
  return ExitCodeOf(code.status());
}

}  // namespace earthcatalog::cli
