// The keys of the items of many Parquet files, as a stream.
#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/keys/key_hash.h"
#include "earthcatalog/keys/sorted_runs.h"
#include "earthcatalog/rows/data_files_reader.h"

namespace earthcatalog::keys {

// Who the rows of a batch are. Rows without an id are no items.
class KeyColumns {
 public:
  // kCorrupt when it has no ids, or ids or collections that are no text.
  static Result<KeyColumns> Of(const arrow::RecordBatch& rows);

  // To be read of a file.
  static const std::vector<std::string>& Names();

  std::optional<std::string_view> id(int64_t row) const { return TextOf(*ids_, row); }
  std::optional<std::string_view> collection(int64_t row) const {
    return collections_ == nullptr ? std::nullopt : TextOf(*collections_, row);
  }
  bool has_collections() const { return collections_ != nullptr; }
  int64_t count() const { return ids_->length(); }

 private:
  static std::optional<std::string_view> TextOf(const arrow::StringArray& texts, int64_t row) {
    return texts.IsValid(row) ? std::optional(texts.GetView(row)) : std::nullopt;
  }

  std::shared_ptr<arrow::StringArray> ids_, collections_;
};

// A file with columns `id` and, where it matters, `collection`.
struct KeyFile {
  std::string uri;
  int64_t size = -1;  // negative: not known
  int64_t rows = 0;   // for the progress; 0: not known
};

// The files of the table's current snapshot that came later than the commit with this sequence number.
Result<std::vector<KeyFile>> FilesOfTable(const catalog::Catalog& catalog, int64_t after_sequence = -1);

// Hashes the ids of files as one rule says, and looks whether it may: ids alone tell items apart only as long
// as all are of one collection.
class ItemKeys {
 public:
  // `collection`: the one whose ids are hashed alone, where it is known already.
  explicit ItemKeys(KeyRule rule, std::optional<std::string> collection = {})
      : hasher_(rule), collection_(std::move(collection)) {}

  // Adds the keys of all rows of the files, which are reached as `table` is. Returns early when there is a
  // second collection and ids are hashed alone (other_collection()). `progress` counts rows. kCorrupt, naming
  // the file, when it lacks a column that the rule needs.
  Status Add(const io::Location& table, const std::vector<KeyFile>& files, const ProgressCallback& progress,
             const CancelSource& cancel, SortedRuns<kKeyBytes>* keys);
  // The same of some rows. Without ids, or what the rule needs, kCorrupt.
  Status Add(const arrow::RecordBatch& rows, SortedRuns<kKeyBytes>* keys);

  KeyRule rule() const { return hasher_.rule(); }
  // The only collection so far; nothing when nobody told one, or the rule takes any.
  const std::optional<std::string>& collection() const { return collection_; }
  // A second one, which the rule does not allow.
  const std::optional<std::string>& other_collection() const { return other_collection_; }
  int64_t row_count() const { return row_count_; }

 private:
  void LookAt(std::string_view collection);

  KeyHasher hasher_;
  std::optional<std::string> collection_, other_collection_;
  int64_t row_count_ = 0;
};

}  // namespace earthcatalog::keys
