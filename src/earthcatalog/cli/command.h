// What a command is: it adds its subcommand to the command line (setup), and is run when it was chosen.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "earthcatalog/base/status.h"
#include "earthcatalog/catalog/catalog.h"

namespace earthcatalog::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kLocked = 3;

// Sets `*run` in the subcommand's callback; the program calls it after parsing. It returns the exit code, or
// an error, which is printed and becomes the exit code 2 for usage errors, 3 where somebody else holds the
// lock, else 1.
using RunFunction = std::function<Result<int>()>;

void AddIncrementalCommand(CLI::App* app, RunFunction* run);
void AddCheckCommand(CLI::App* app, RunFunction* run);
void AddCleanCommand(CLI::App* app, RunFunction* run);
void AddCompactCommand(CLI::App* app, RunFunction* run);
// `program`: how to call it, for the commands it suggests.
void AddDemoCommand(CLI::App* app, const std::string& program, RunFunction* run);
void AddExportCommand(CLI::App* app, RunFunction* run);
void AddExpireCommand(CLI::App* app, RunFunction* run);
void AddInfoAndStatsCommands(CLI::App* app, RunFunction* run);
void AddHashIndexCommand(CLI::App* app, RunFunction* run);
void AddLockCommand(CLI::App* app, RunFunction* run);
void AddMaintainCommand(CLI::App* app, RunFunction* run);
void AddPublishCommand(CLI::App* app, RunFunction* run);
void AddRewriteManifestsCommand(CLI::App* app, RunFunction* run);
void AddRegisterCommand(CLI::App* app, RunFunction* run);

// BASE, or --catalog and --warehouse: how commands that read a catalogue are told where it is.
struct CatalogArguments {
  std::string base;
  std::string db_path;
  std::string warehouse;
  io::S3Settings s3;

  // With the options of S3.
  void AddTo(CLI::App* command);
  Result<catalog::Paths> Resolve() const;
};

}  // namespace earthcatalog::cli
