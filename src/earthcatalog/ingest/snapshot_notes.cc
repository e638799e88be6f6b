#include "earthcatalog/ingest/snapshot_notes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "earthcatalog/base/integer_text.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/base/utf8.h"

namespace earthcatalog::ingest {
namespace {

using Json = nlohmann::json;

constexpr char kInventory[] = "earthcatalog.inventory";
constexpr char kSince[] = "earthcatalog.inventory-since";
constexpr char kSuffix[] = "earthcatalog.inventory-suffix";
constexpr char kRows[] = "earthcatalog.inventory-rows";
constexpr char kSelected[] = "earthcatalog.inventory-selected";
constexpr char kEnded[] = "earthcatalog.inventory-ended";
constexpr char kQuarantine[] = "earthcatalog.quarantine";
constexpr char kRetried[] = "earthcatalog.retried-quarantine";
constexpr char kRetriedRows[] = "earthcatalog.retried-quarantine-rows";

// The current snapshot and those it was built on, newest first.
std::vector<iceberg::Snapshot> HistoryOf(const iceberg::Table& table) {
  std::map<int64_t, iceberg::Snapshot> by_id;
  for (iceberg::Snapshot& snapshot : table.snapshots()) by_id.emplace(snapshot.id, std::move(snapshot));
  std::vector<iceberg::Snapshot> history;
  const auto current = table.current_snapshot();
  std::optional<int64_t> next = current ? std::optional(current->id) : std::nullopt;
  while (next) {
    auto found = by_id.extract(*next);  // each once, whatever the parents say
    if (found.empty()) break;
    next = found.mapped().parent_id;
    history.push_back(std::move(found.mapped()));
  }
  return history;
}

std::optional<std::string> Find(const Summary& summary, const char* key) {
  const auto entry = summary.find(key);
  return entry == summary.end() ? std::nullopt : std::optional(entry->second);
}

std::optional<uint64_t> FindCount(const Summary& summary, const char* key) {
  const auto text = Find(summary, key);
  const auto number = text ? ParseInteger(*text) : std::nullopt;
  return number && *number >= 0 ? std::optional(static_cast<uint64_t>(*number)) : std::nullopt;
}

std::optional<std::string> SinceText(const Selection& selection) {
  return selection.since ? std::optional(FormatRfc3339(*selection.since)) : std::nullopt;
}

// Summaries are JSON: a suffix of other bytes is percent-encoded.
std::string SuffixText(const Selection& selection) {
  return IsUtf8(selection.suffix) ? selection.suffix : PercentEncodePath(selection.suffix);
}

// The names are those of files, which need not be UTF-8.
std::string ToText(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

// Of names, or an object with the names as keys; other things that somebody wrote there have none.
Json ParseNames(const Summary& summary, const char* key) {
  return Json::parse(Find(summary, key).value_or(""), nullptr, /*allow_exceptions=*/false);
}

void InsertNames(const Json& names, std::set<std::string>* set) {
  if (!names.is_array()) return;
  for (const Json& name : names) {
    if (name.is_string()) set->insert(name.get<std::string>());
  }
}

// A file is taken up from its start to its end, so the newest word on it is the largest number.
void InsertRows(const Json& rows, std::map<std::string, uint64_t>* map) {
  if (!rows.is_object()) return;
  for (const auto& [name, count] : rows.items()) {
    if (count.is_number_unsigned()) (*map)[name] = std::max((*map)[name], count.get<uint64_t>());
  }
}

// What the commits say of it, newest first.
std::vector<InventoryProgress> AllProgress(const iceberg::Table& table, const Selection& selection) {
  std::vector<InventoryProgress> all;
  for (const iceberg::Snapshot& snapshot : HistoryOf(table)) {
    const Summary& summary = snapshot.summary;
    if (Find(summary, kInventory) != selection.inventory || Find(summary, kSince) != SinceText(selection) ||
        Find(summary, kSuffix) != SuffixText(selection)) {
      continue;
    }
    const auto rows = FindCount(summary, kRows);
    const auto selected = FindCount(summary, kSelected);
    if (rows && selected) all.push_back({*rows, *selected, Find(summary, kEnded) == "true"});
  }
  return all;
}

}  // namespace

void NoteInventory(const Selection& selection, const InventoryProgress& progress, Summary* summary) {
  (*summary)[kInventory] = selection.inventory;
  if (const auto since = SinceText(selection)) (*summary)[kSince] = *since;
  (*summary)[kSuffix] = SuffixText(selection);
  (*summary)[kRows] = std::to_string(progress.rows);
  (*summary)[kSelected] = std::to_string(progress.selected);
  if (progress.ended) (*summary)[kEnded] = "true";
}

std::optional<InventoryProgress> FindProgress(const iceberg::Table& table, const Selection& selection) {
  const std::vector<InventoryProgress> progress = AllProgress(table, selection);
  return progress.empty() ? std::nullopt : std::optional(progress.front());
}

std::optional<InventoryProgress> FindFurthest(const iceberg::Table& table, const Selection& selection) {
  const std::vector<InventoryProgress> all = AllProgress(table, selection);
  const auto furthest =
      std::max_element(all.begin(), all.end(), [](const InventoryProgress& a, const InventoryProgress& b) {
        return std::pair(a.ended, a.rows) < std::pair(b.ended, b.rows);
      });
  return furthest == all.end() ? std::nullopt : std::optional(*furthest);
}

void NoteQuarantine(const QuarantineNotes& notes, Summary* summary) {
  if (!notes.written.empty()) (*summary)[kQuarantine] = ToText(notes.written);
  if (!notes.finished.empty()) (*summary)[kRetried] = ToText(notes.finished);
  if (!notes.rows_taken_up.empty()) (*summary)[kRetriedRows] = ToText(notes.rows_taken_up);
}

QuarantineNotes FindQuarantineNotes(const iceberg::Table& table) {
  QuarantineNotes notes;
  for (const iceberg::Snapshot& snapshot : HistoryOf(table)) {
    InsertNames(ParseNames(snapshot.summary, kQuarantine), &notes.written);
    InsertNames(ParseNames(snapshot.summary, kRetried), &notes.finished);
    InsertRows(ParseNames(snapshot.summary, kRetriedRows), &notes.rows_taken_up);
  }
  return notes;
}

}  // namespace earthcatalog::ingest
