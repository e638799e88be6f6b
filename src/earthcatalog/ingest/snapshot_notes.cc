#include "earthcatalog/ingest/snapshot_notes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "earthcatalog/base/integer_text.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/base/utf8.h"
#include "earthcatalog/ingest/known_objects.h"

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
constexpr char kOverflowed[] = "earthcatalog.overflowed";
constexpr char kItems[] = "earthcatalog.items";
constexpr char kAddedRows[] = "added-records";  // Iceberg's own
// Of a snapshot that outlives others: their notes of inventories, newest first; and what columns could not
// hold, and which items came in how many rows, in it and all before it.
constexpr char kCarried[] = "earthcatalog.carried-inventories";
constexpr char kCarriedOverflowed[] = "earthcatalog.carried-overflowed";
constexpr char kCarriedItems[] = "earthcatalog.carried-items";
constexpr char kCarriedItemRows[] = "earthcatalog.carried-item-rows";

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

void AddCounts(const Json& counts, std::map<std::string, uint64_t>* map) {
  if (!counts.is_object()) return;
  for (const auto& [name, count] : counts.items()) {
    if (count.is_number_unsigned()) (*map)[name] += count.get<uint64_t>();
  }
}

// A note of an inventory: the keys above and their values.
struct InventoryNote {
  Summary key;  // which inventory and selection
  InventoryProgress progress;
};

std::optional<InventoryNote> NoteIn(const Summary& summary) {
  InventoryNote note;
  for (const char* name : {kInventory, kSince, kSuffix}) {
    if (const auto value = Find(summary, name)) note.key[name] = *value;
  }
  const auto rows = FindCount(summary, kRows);
  const auto selected = FindCount(summary, kSelected);
  if (!note.key.contains(kInventory) || !rows || !selected) return std::nullopt;
  note.progress = {*rows, *selected, Find(summary, kEnded) == "true"};
  return note;
}

Summary ToSummary(const Json& object) {
  Summary summary;
  if (!object.is_object()) return summary;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) summary[name] = value.get<std::string>();
  }
  return summary;
}

// What the commits say of inventories, newest first.
std::vector<InventoryNote> AllNotes(const iceberg::Table& table) {
  std::vector<InventoryNote> notes;
  const auto add = [&](const Summary& summary) {
    if (auto note = NoteIn(summary)) notes.push_back(*std::move(note));
  };
  for (const iceberg::Snapshot& snapshot : table.history()) {
    add(snapshot.summary);
    const Json carried = ParseNames(snapshot.summary, kCarried);
    if (!carried.is_array()) continue;
    for (const Json& note : carried) add(ToSummary(note));
  }
  return notes;
}

Summary KeyOf(const Selection& selection) {
  Summary key = {{kInventory, selection.inventory}, {kSuffix, SuffixText(selection)}};
  if (const auto since = SinceText(selection)) key[kSince] = *since;
  return key;
}

std::vector<InventoryProgress> AllProgress(const iceberg::Table& table, const Selection& selection) {
  std::vector<InventoryProgress> all;
  for (InventoryNote& note : AllNotes(table)) {
    if (note.key == KeyOf(selection)) all.push_back(note.progress);
  }
  return all;
}

bool IsFurther(const InventoryProgress& a, const InventoryProgress& b) {
  return std::pair(a.ended, a.rows) > std::pair(b.ended, b.rows);
}

void NoteProgress(const InventoryProgress& progress, Summary* summary) {
  (*summary)[kRows] = std::to_string(progress.rows);
  (*summary)[kSelected] = std::to_string(progress.selected);
  if (progress.ended) (*summary)[kEnded] = "true";
}

}  // namespace

void NoteInventory(const Selection& selection, const InventoryProgress& progress, Summary* summary) {
  for (const auto& [name, value] : KeyOf(selection)) (*summary)[name] = value;
  NoteProgress(progress, summary);
}

std::optional<InventoryProgress> FindProgress(const iceberg::Table& table, const Selection& selection) {
  const std::vector<InventoryProgress> progress = AllProgress(table, selection);
  return progress.empty() ? std::nullopt : std::optional(progress.front());
}

std::optional<InventoryProgress> FindFurthest(const iceberg::Table& table, const Selection& selection) {
  std::optional<InventoryProgress> furthest;
  for (const InventoryProgress& progress : AllProgress(table, selection)) {
    if (!furthest || IsFurther(progress, *furthest)) furthest = progress;
  }
  return furthest;
}

std::vector<OtherSelection> FindOtherSelections(const iceberg::Table& table, const Selection& selection) {
  const Summary own = KeyOf(selection);
  std::vector<OtherSelection> others;
  std::map<Summary, size_t> places;
  for (const InventoryNote& note : AllNotes(table)) {
    if (note.key == own || note.key.at(kInventory) != selection.inventory) continue;
    if (note.progress.selected == 0) continue;
    const auto [place, is_new] = places.try_emplace(note.key, others.size());
    if (is_new) {
      others.push_back(
          {Find(note.key, kSince).value_or(""), Find(note.key, kSuffix).value_or(""), note.progress});
    } else if (InventoryProgress& known = others[place->second].progress; IsFurther(note.progress, known)) {
      known = note.progress;
    }
  }
  return others;
}

void NoteQuarantine(const QuarantineNotes& notes, Summary* summary) {
  if (!notes.written.empty()) (*summary)[kQuarantine] = ToText(notes.written);
  if (!notes.finished.empty()) (*summary)[kRetried] = ToText(notes.finished);
  if (!notes.rows_taken_up.empty()) (*summary)[kRetriedRows] = ToText(notes.rows_taken_up);
}

QuarantineNotes FindQuarantineNotes(const iceberg::Table& table) {
  QuarantineNotes notes;
  for (const iceberg::Snapshot& snapshot : table.history()) {
    InsertNames(ParseNames(snapshot.summary, kQuarantine), &notes.written);
    InsertNames(ParseNames(snapshot.summary, kRetried), &notes.finished);
    InsertRows(ParseNames(snapshot.summary, kRetriedRows), &notes.rows_taken_up);
  }
  return notes;
}

void NoteOverflowed(const OverflowedColumns& columns, Summary* summary) {
  Json counts = Json::object();
  for (const auto& [name, overflowed] : MostUsed(columns, kMostOverflowedNoted)) {
    counts[name] = overflowed.count;
  }
  if (!counts.empty()) (*summary)[kOverflowed] = ToText(counts);
}

std::map<std::string, uint64_t> FindOverflowed(const iceberg::Table& table) {
  std::map<std::string, uint64_t> columns;
  for (const iceberg::Snapshot& snapshot : table.history()) {
    AddCounts(ParseNames(snapshot.summary, kOverflowed), &columns);
    if (!snapshot.summary.contains(kCarriedOverflowed)) continue;
    AddCounts(ParseNames(snapshot.summary, kCarriedOverflowed), &columns);
    break;  // the older ones are in it
  }
  return columns;
}

void NoteItems(uint64_t items, Summary* summary) {
  if (items > 0) (*summary)[kItems] = std::to_string(items);
}

ItemCounts FindItems(const iceberg::Table& table) {
  ItemCounts counts;
  const auto add = [&counts](const Summary& summary, const char* items_key, const char* rows_key) {
    const auto items = FindCount(summary, items_key), rows = FindCount(summary, rows_key);
    if (!items || !rows) return false;
    counts.items += *items;
    counts.rows += *rows;
    return true;
  };
  for (const iceberg::Snapshot& snapshot : table.history()) {
    add(snapshot.summary, kItems, kAddedRows);
    if (add(snapshot.summary, kCarriedItems, kCarriedItemRows)) break;  // the older ones are in it
  }
  return counts;
}

Summary NotesToCarry(const iceberg::Table& table, const QuarantineNotes& settled) {
  struct Needed {
    InventoryProgress newest, furthest;
  };
  std::map<Summary, Needed> inventories;
  std::vector<const Summary*> order;  // by the newest note
  for (const InventoryNote& note : AllNotes(table)) {
    const auto [entry, is_first] = inventories.try_emplace(note.key, Needed{note.progress, note.progress});
    if (is_first) order.push_back(&entry->first);
    if (IsFurther(note.progress, entry->second.furthest)) entry->second.furthest = note.progress;
  }
  Json carried = Json::array();
  for (const Summary* key : order) {
    const Needed& needed = inventories.at(*key);
    for (const InventoryProgress* progress : {&needed.newest, &needed.furthest}) {
      if (progress == &needed.furthest && needed.furthest == needed.newest) continue;
      Summary note = *key;
      NoteProgress(*progress, &note);
      carried.push_back(note);
    }
  }
  Summary summary;
  if (!carried.empty()) summary[kCarried] = ToText(carried);
  if (const auto overflowed = FindOverflowed(table); !overflowed.empty()) {
    const auto most = MostUsed(overflowed, kMostOverflowedCarried);
    summary[kCarriedOverflowed] = ToText(std::map<std::string, uint64_t>(most.begin(), most.end()));
  }
  if (const ItemCounts counts = FindItems(table); counts.items > 0) {
    summary[kCarriedItems] = std::to_string(counts.items);
    summary[kCarriedItemRows] = std::to_string(counts.rows);
  }
  NoteObjectFiles(FindObjectFiles(table), &summary);
  QuarantineNotes quarantine = FindQuarantineNotes(table);
  for (const std::string& file : quarantine.finished) quarantine.rows_taken_up.erase(file);
  for (const std::string& file : settled.written) quarantine.written.erase(file);
  for (const std::string& file : settled.finished) quarantine.finished.erase(file);
  NoteQuarantine(quarantine, &summary);
  return summary;
}

}  // namespace earthcatalog::ingest
