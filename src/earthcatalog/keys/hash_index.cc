#include "earthcatalog/keys/hash_index.h"

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "earthcatalog/base/process.h"
#include "earthcatalog/base/report_text.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/catalog/locked_catalog.h"
#include "earthcatalog/keys/change_hash_file.h"
#include "earthcatalog/keys/item_keys.h"

namespace earthcatalog::keys {
namespace {

using catalog::Catalog;

constexpr char kOwner[] = "hash-index";

// Fills in the rest of the report when it goes.
class Measured {
 public:
  explicit Measured(HashIndexReport* report) : report_(report) {}
  ~Measured() {
    report_->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    report_->peak_memory = PeakMemory();
  }

 private:
  HashIndexReport* const report_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::optional<int64_t> SnapshotOf(const Catalog& catalog) {
  const auto current = catalog.table().current_snapshot();
  return current ? std::optional(current->id) : std::nullopt;
}

// The sequence number of the snapshot, if it is one that the current one was built on.
std::optional<int64_t> SequenceOf(const Catalog& catalog, std::optional<int64_t> snapshot_id) {
  if (!snapshot_id) return std::nullopt;
  for (const iceberg::Snapshot& snapshot : catalog.table().history()) {
    if (snapshot.id == *snapshot_id) return snapshot.sequence_number;
  }
  return std::nullopt;
}

Result<io::Location> PlaceNamed(const Catalog& catalog, const std::string& path) {
  const io::Location& warehouse = catalog.warehouse();
  return path.empty() ? warehouse.WithSuffix("_id_hashes.parquet") : warehouse.Other(path);
}

// A property is written only where the table does not have it so: no commit for nothing.
Status NoteInTable(Catalog* catalog, const io::Location& place, KeyRule rule) {
  std::map<std::string, std::string> properties = {{catalog::kHashIndexKeyProperty, NameOf(rule)}};
  ARROW_ASSIGN_OR_RAISE(const io::Location noted, HashIndexPlace(*catalog));
  if (noted.uri != place.uri) properties[catalog::kHashIndexProperty] = place.uri;
  return catalog->table().SetProperties(properties, {});
}

Status Change(const io::Location& place, const std::string& before, const HashFile* known,
              StreamPtr<kKeyBytes> keys, const HashNotes& notes, const SortOptions& sort,
              const CancelSource& cancel, HashIndexReport* report) {
  ARROW_ASSIGN_OR_RAISE(const HashCounts counts,
                        AddToHashFile(place, before, known, std::move(keys), notes, sort, cancel));
  report->count = counts.count;
  report->added = counts.added;
  return Status::OK();
}

Status SecondCollection(const ItemKeys& items) {
  return UsageError(
      "the index hashes ids alone, of the collection '{}', and now there is '{}': `earthcatalog hash-index "
      "build` makes it anew, by collection and id",
      OneLine(*items.collection()), OneLine(*items.other_collection()));
}

// All keys of the table, by the rule that its collections ask for.
Result<StreamPtr<kKeyBytes>> KeysOfTable(const Catalog& catalog, const SortOptions& sort,
                                         const ProgressCallback& progress, const CancelSource& cancel,
                                         ItemKeys* items) {
  ARROW_ASSIGN_OR_RAISE(const auto files, FilesOfTable(catalog));
  for (const KeyRule rule : {KeyRule::kId, KeyRule::kCollectionAndId}) {
    *items = ItemKeys(rule);
    SortedRuns<kKeyBytes> keys(sort);
    ARROW_RETURN_NOT_OK(items->Add(catalog.warehouse(), files, progress, cancel, &keys));
    if (!items->other_collection()) return keys.Finish();
  }
  return Status::UnknownError("unreachable: every table fits the second rule");
}

}  // namespace

Result<io::Location> HashIndexPlace(const Catalog& catalog) {
  return PlaceNamed(catalog, catalog::PropertyOf(catalog.table().properties(), catalog::kHashIndexProperty));
}

Result<KeyRule> HashIndexRule(const Catalog& catalog, const HashFile& file) {
  if (file.notes().rule) return *file.notes().rule;
  const std::string named = catalog::PropertyOf(catalog.table().properties(), catalog::kHashIndexKeyProperty);
  if (named.empty()) return KeyRule::kId;
  const auto rule = KeyRuleOf(named);
  if (rule) return *rule;
  return UsageError("the table's property {} is '{}', which this version does not know",
                    catalog::kHashIndexKeyProperty, io::NameForMessages(named));
}

Result<std::unique_ptr<HashFile>> OpenHashIndex(const Catalog& catalog) {
  ARROW_ASSIGN_OR_RAISE(const io::Location place, HashIndexPlace(catalog));
  auto opened = HashFile::Open(place);
  if (KindOf(opened.status()) != ErrorKind::kNotFound) return opened;
  return NotFoundError("there is no hash index at {}: `earthcatalog hash-index build` makes it",
                       io::NameForMessages(place.name()));
}

Status BuildHashIndex(const HashIndexOptions& options, const ProgressCallback& progress,
                      const CancelSource& cancel, HashIndexReport* report) {
  const Measured measured(report);
  ARROW_ASSIGN_OR_RAISE(const auto locked, catalog::OpenLocked(options.paths, kOwner));
  Catalog& catalog = *locked.catalog;
  ARROW_ASSIGN_OR_RAISE(io::Location place, HashIndexPlace(catalog));
  if (!options.path.empty()) {
    ARROW_ASSIGN_OR_RAISE(place, PlaceNamed(catalog, options.path));
  }
  report->path = place.name();
  ARROW_ASSIGN_OR_RAISE(const std::string before, VersionOf(place));
  ItemKeys items(KeyRule::kId);
  ARROW_ASSIGN_OR_RAISE(const auto keys, KeysOfTable(catalog, options.sort, progress, cancel, &items));
  report->rows = items.row_count();
  report->rule = items.rule();
  const HashNotes notes{items.rule(), items.collection(), SnapshotOf(catalog)};
  ARROW_RETURN_NOT_OK(locked.lock->Check());
  ARROW_ASSIGN_OR_RAISE(report->count, ReplaceHashFile(place, before, keys.get(), notes, cancel));
  report->added = report->count;
  return NoteInTable(&catalog, place, items.rule());
}

Status UpdateHashIndex(const HashIndexOptions& options, const ProgressCallback& progress,
                       const CancelSource& cancel, HashIndexReport* report) {
  const Measured measured(report);
  ARROW_ASSIGN_OR_RAISE(const auto locked, catalog::OpenLocked(options.paths, kOwner));
  Catalog& catalog = *locked.catalog;
  ARROW_ASSIGN_OR_RAISE(const io::Location place, HashIndexPlace(catalog));
  report->path = place.name();
  ARROW_ASSIGN_OR_RAISE(const std::string before, VersionOf(place));
  ARROW_ASSIGN_OR_RAISE(const auto known, OpenHashIndex(catalog));
  HashNotes notes = known->notes();
  ARROW_ASSIGN_OR_RAISE(report->rule, HashIndexRule(catalog, *known));
  notes.rule = report->rule;

  std::vector<KeyFile> files;
  for (const std::string& path : options.files) files.push_back({.uri = path});
  if (files.empty()) {
    ARROW_ASSIGN_OR_RAISE(files, FilesOfTable(catalog, SequenceOf(catalog, notes.snapshot_id).value_or(-1)));
    notes.snapshot_id = SnapshotOf(catalog);
    report->count = known->count();
    if (files.empty() && known->is_ours()) return Status::OK();
  }
  ItemKeys items(report->rule, notes.collection);
  SortedRuns<kKeyBytes> keys(options.sort);
  ARROW_RETURN_NOT_OK(items.Add(catalog.warehouse(), files, progress, cancel, &keys));
  if (items.other_collection()) return SecondCollection(items);
  report->rows = items.row_count();
  notes.collection = items.collection();

  ARROW_ASSIGN_OR_RAISE(auto added, keys.Finish());
  ARROW_RETURN_NOT_OK(locked.lock->Check());
  ARROW_RETURN_NOT_OK(
      Change(place, before, known.get(), std::move(added), notes, options.sort, cancel, report));
  return NoteInTable(&catalog, place, report->rule);
}

Status MergeIds(const io::Location& place, const std::vector<std::string>& files, const SortOptions& sort,
                const ProgressCallback& progress, const CancelSource& cancel, HashIndexReport* report) {
  const Measured measured(report);
  report->path = place.name();
  ARROW_ASSIGN_OR_RAISE(const std::string before, VersionOf(place));
  std::unique_ptr<HashFile> known;
  if (!before.empty()) {
    ARROW_ASSIGN_OR_RAISE(known, HashFile::Open(place));
  }
  HashNotes notes = known == nullptr ? HashNotes{} : known->notes();
  notes.rule = report->rule = notes.rule.value_or(KeyRule::kId);
  std::vector<KeyFile> to_read;
  for (const std::string& path : files) to_read.push_back({.uri = path});
  ItemKeys items(report->rule, notes.collection);
  SortedRuns<kKeyBytes> keys(sort);
  ARROW_RETURN_NOT_OK(items.Add(place, to_read, progress, cancel, &keys));
  if (items.other_collection()) return SecondCollection(items);
  report->rows = items.row_count();
  notes.collection = items.collection();
  ARROW_ASSIGN_OR_RAISE(auto added, keys.Finish());
  return Change(place, before, known.get(), std::move(added), notes, sort, cancel, report);
}

std::string HashIndexReportToJson(const HashIndexReport& report) {
  const nlohmann::ordered_json json = {{"path", report.path},
                                       {"key", NameOf(report.rule)},
                                       {"count", report.count},
                                       {"added", report.added},
                                       {"rows_read", report.rows},
                                       {"seconds", report.seconds},
                                       {"peak_memory", report.peak_memory}};
  return ReportText(json);
}

}  // namespace earthcatalog::keys
