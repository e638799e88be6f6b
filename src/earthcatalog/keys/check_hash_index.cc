#include "earthcatalog/keys/check_hash_index.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/keys/hash_index.h"
#include "earthcatalog/keys/item_keys.h"

namespace earthcatalog::keys {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kNamed = 10;

// A stream, one hash at a time.
class Cursor {
 public:
  explicit Cursor(StreamPtr<kKeyBytes> stream) : stream_(std::move(stream)) {}

  Status Begin() { return Fill(); }
  bool at_end() const { return rest_.empty(); }
  const KeyHash& hash() const { return rest_.front(); }
  Status Step() {
    rest_ = rest_.subspan(1);
    return rest_.empty() ? Fill() : Status::OK();
  }

 private:
  Status Fill() { return stream_->Next().Value(&rest_); }

  const StreamPtr<kKeyBytes> stream_;
  Records<kKeyBytes> rest_;
};

// Counts what only one of the two has.
Status Compare(Cursor* table, Cursor* index, std::vector<KeyHash>* first_missing, HashIndexCheck* check) {
  ARROW_RETURN_NOT_OK(table->Begin());
  ARROW_RETURN_NOT_OK(index->Begin());
  while (!table->at_end() || !index->at_end()) {
    const bool in_table = index->at_end() || (!table->at_end() && !KeyLess(index->hash(), table->hash()));
    const bool in_index = table->at_end() || (!index->at_end() && !KeyLess(table->hash(), index->hash()));
    check->table_items += in_table ? 1 : 0;
    if (in_table && !in_index && check->missing++ < static_cast<int64_t>(kNamed))
      first_missing->push_back(table->hash());
    if (in_index && !in_table && check->extra++ < static_cast<int64_t>(kNamed))
      check->first_extra.push_back(index->hash());
    if (in_table) ARROW_RETURN_NOT_OK(table->Step());
    if (in_index) ARROW_RETURN_NOT_OK(index->Step());
  }
  return Status::OK();
}

// Finds the items that have these hashes, each of which the table has.
Status NameItems(const io::Location& table, const std::vector<KeyFile>& files, std::vector<KeyHash> hashes,
                 const CancelSource& cancel, HashIndexCheck* check) {
  std::vector<rows::StoredFile> stored;
  std::vector<rows::DataFilesReader::File> to_read;
  stored.reserve(files.size());
  for (const KeyFile& file : files) {
    stored.push_back({.uri = file.uri, .size = file.size});
    to_read.push_back({&stored.back(), nullptr});
  }
  KeyHasher hasher(check->rule);
  rows::DataFilesReader reader(table, std::move(to_read), KeyColumns::Names(), /*keep_bytes=*/0);
  while (!hashes.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto found, reader.Next(cancel));
    if (!found) break;
    ARROW_ASSIGN_OR_RAISE(const KeyColumns columns, KeyColumns::Of(*found->rows.rows));
    for (int64_t row = 0; row < columns.count(); ++row) {
      const auto id = columns.id(row);
      if (!id) continue;
      const auto collection = columns.collection(row);
      const KeyHash hash = hasher(collection, *id);
      if (std::erase(hashes, hash) == 0) continue;
      check->first_missing.push_back({std::nullopt, std::string(*id), hash});
      if (collection) check->first_missing.back().collection = *collection;
    }
  }
  return Status::OK();
}

}  // namespace

Status CheckHashIndex(const catalog::Catalog& catalog, const SortOptions& sort,
                      const ProgressCallback& progress, const CancelSource& cancel, HashIndexCheck* check) {
  ARROW_ASSIGN_OR_RAISE(const io::Location place, HashIndexPlace(catalog));
  check->path = place.name();
  ARROW_ASSIGN_OR_RAISE(const auto index, OpenHashIndex(catalog));
  check->count = index->count();
  ARROW_ASSIGN_OR_RAISE(check->rule, HashIndexRule(catalog, *index));
  ARROW_ASSIGN_OR_RAISE(check->sorted, index->IsSorted());

  ARROW_ASSIGN_OR_RAISE(const auto files, FilesOfTable(catalog));
  ItemKeys items(check->rule, index->notes().collection);
  SortedRuns<kKeyBytes> keys(sort);
  ARROW_RETURN_NOT_OK(items.Add(catalog.warehouse(), files, progress, cancel, &keys));
  if (items.other_collection()) {
    check->collections = {*items.collection(), *items.other_collection()};
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(auto of_table, keys.Finish());
  ARROW_ASSIGN_OR_RAISE(auto of_index, index->Sorted(sort));
  Cursor table(std::move(of_table)), known(std::move(of_index));
  std::vector<KeyHash> first_missing;
  ARROW_RETURN_NOT_OK(Compare(&table, &known, &first_missing, check));
  return NameItems(catalog.warehouse(), files, std::move(first_missing), cancel, check);
}

std::string HashIndexCheckToJson(const HashIndexCheck& check) {
  Json missing = Json::array(), extra = Json::array();
  for (const HashIndexCheck::Item& item : check.first_missing) {
    missing.push_back({{"collection", nullptr}, {"id", item.id}, {"hash", HexOf(item.hash)}});
    if (item.collection) missing.back()["collection"] = *item.collection;
  }
  for (const KeyHash& hash : check.first_extra) extra.push_back(HexOf(hash));
  const Json json = {{"sound", check.sound()},
                     {"path", check.path},
                     {"key", NameOf(check.rule)},
                     {"sorted", check.sorted},
                     {"count", check.count},
                     {"table_items", check.table_items},
                     {"missing", check.missing},
                     {"extra", check.extra},
                     {"first_missing", std::move(missing)},
                     {"first_extra", std::move(extra)},
                     {"collections", check.collections}};
  return ReportText(json);
}

}  // namespace earthcatalog::keys
