#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/catalog/lock.h"
#include "earthcatalog/cli/command.h"
#include "earthcatalog/cli/s3_options.h"

namespace earthcatalog::cli {
namespace {

using Json = nlohmann::ordered_json;
using catalog::LockState;

struct Arguments {
  CatalogArguments catalog;
  bool force = false;
  bool json = false;
};

Json StateJson(const std::optional<LockState>& state) {
  if (!state) return {{"locked", false}};
  const catalog::LockHolder& holder = state->holder;
  return {{"locked", true},
          {"stale", state->stale},
          {"owner", holder.owner},
          {"pid", holder.pid},
          {"hostname", holder.hostname},
          {"acquired", holder.acquired},
          {"ttl_hours", holder.ttl_hours}};
}

// `text` for people; or `state` with `extra`.
void Print(const Arguments& arguments, const std::optional<LockState>& state, const Json& extra,
           const std::string& text) {
  if (!arguments.json) {
    fmt::print("{}\n", text);
    return;
  }
  Json json = StateJson(state);
  json.update(extra);
  fmt::print("{}\n", ReportText(json));
}

// In S3 there are no folders that could be missing.
Result<io::Location> LockFolder(const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const catalog::Paths paths, arguments.catalog.Resolve());
  ARROW_ASSIGN_OR_RAISE(io::Location folder, paths.LockFolder());
  if (folder.local) {
    ARROW_ASSIGN_OR_RAISE(const auto info, folder.fs->GetFileInfo(folder.path));
    if (info.type() != arrow::fs::FileType::Directory) {
      return NotFoundError("there is no folder {}", io::NameForMessages(folder.path));
    }
  }
  return folder;
}

Result<int> RunStatus(const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const io::Location base, LockFolder(arguments));
  ARROW_ASSIGN_OR_RAISE(const auto state, catalog::InspectLock(base));
  std::string text = "not locked";
  if (state) {
    text = fmt::format("locked by {}{}", state->holder.Describe(),
                       state->stale ? "; stale: the next run takes it over" : "");
  }
  Print(arguments, state, Json::object(), text);
  return kDone;
}

Result<int> RunRelease(const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(const io::Location base, LockFolder(arguments));
  ARROW_ASSIGN_OR_RAISE(const auto removed, catalog::RemoveLock(base, arguments.force));
  Print(arguments, removed, {{"released", removed.has_value()}},
        removed ? "released the lock of " + removed->holder.Describe() : "not locked: nothing to release");
  return kDone;
}

CLI::App* AddPart(CLI::App* command, const char* name, const char* help,
                  const std::shared_ptr<Arguments>& arguments, Result<int> (*body)(const Arguments&),
                  RunFunction* run) {
  CLI::App* part = command->add_subcommand(name, help);
  arguments->catalog.AddTo(part);
  part->add_flag("--json", arguments->json, "Print as JSON");
  part->callback([=] { *run = [=] { return body(*arguments); }; });
  return part;
}

}  // namespace

void AddLockCommand(CLI::App* app, RunFunction* run) {
  CLI::App* command = app->add_subcommand("lock", "Who holds the catalogue's lock, and removing it");
  command->require_subcommand(1);
  const auto arguments = std::make_shared<Arguments>();
  AddPart(command, "status", "Who holds the lock, since when, and whether that is stale", arguments,
          &RunStatus, run);
  AddPart(command, "release", "Remove a lock that is left over", arguments, &RunRelease, run)
      ->add_flag("--force", arguments->force,
                 "Also a lock that is not stale: its holder commits nothing any more");
}

}  // namespace earthcatalog::cli
