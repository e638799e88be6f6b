#include "earthcatalog/keys/item_keys.h"

#include <utility>

namespace earthcatalog::keys {
namespace {

Result<std::shared_ptr<arrow::StringArray>> TextsOf(const arrow::RecordBatch& rows, const std::string& name) {
  const auto column = rows.GetColumnByName(name);
  if (column == nullptr || column->type_id() == arrow::Type::NA) return nullptr;
  auto texts = std::dynamic_pointer_cast<arrow::StringArray>(column);
  if (texts == nullptr)
    return CorruptError("its column `{}` is of type {}, not text", name, column->type()->ToString());
  return texts;
}

// Tells how many rows were read, now and then.
class RowProgress {
 public:
  RowProgress(const ProgressCallback& callback, const std::vector<KeyFile>& files) : callback_(callback) {
    for (const KeyFile& file : files) progress_.total_items += static_cast<uint64_t>(file.rows);
  }
  void Add(int64_t rows) {
    progress_.items_done += static_cast<uint64_t>(rows);
    if (callback_ != nullptr && pace_.IsDue()) callback_(progress_);
  }

 private:
  const ProgressCallback& callback_;
  Progress progress_;
  ProgressPace pace_;
};

}  // namespace

const std::vector<std::string>& KeyColumns::Names() {
  static const auto* const names = new std::vector<std::string>{"id", "collection"};
  return *names;
}

Result<KeyColumns> KeyColumns::Of(const arrow::RecordBatch& rows) {
  KeyColumns columns;
  ARROW_ASSIGN_OR_RAISE(columns.ids_, TextsOf(rows, "id"));
  ARROW_ASSIGN_OR_RAISE(columns.collections_, TextsOf(rows, "collection"));
  if (columns.ids_ == nullptr) return CorruptError("it has no column `id` of text");
  return columns;
}

Result<std::vector<KeyFile>> FilesOfTable(const catalog::Catalog& catalog, int64_t after_sequence) {
  std::vector<KeyFile> files;
  const auto visit = [&](const iceberg::DataFile& file) {
    if (file.sequence_number > after_sequence)
      files.push_back({.uri = file.path, .size = file.file_size, .rows = file.record_count});
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(catalog.table().ScanFiles(std::nullopt, {}, visit, /*with_metrics=*/false));
  return files;
}

Status ItemKeys::Add(const io::Location& table, const std::vector<KeyFile>& files,
                     const ProgressCallback& progress, const CancelSource& cancel,
                     SortedRuns<kKeyBytes>* keys) {
  std::vector<rows::StoredFile> stored;
  std::vector<rows::DataFilesReader::File> to_read;
  stored.reserve(files.size());
  for (const KeyFile& file : files) {
    stored.push_back({.uri = file.uri, .size = file.size});
    to_read.push_back({&stored.back(), nullptr});
  }
  RowProgress told(progress, files);
  rows::DataFilesReader reader(table, std::move(to_read), KeyColumns::Names(), /*keep_bytes=*/0);
  while (!other_collection_) {
    ARROW_ASSIGN_OR_RAISE(const auto found, reader.Next(cancel));
    if (!found) break;
    const Status added = Add(*found->rows.rows, keys);
    if (!added.ok()) return WithContext(added, io::NameForMessages(stored[found->file].uri));
    told.Add(found->rows.rows->num_rows());
  }
  return Status::OK();
}

Status ItemKeys::Add(const arrow::RecordBatch& rows, SortedRuns<kKeyBytes>* keys) {
  ARROW_ASSIGN_OR_RAISE(const KeyColumns columns, KeyColumns::Of(rows));
  const bool alone = rule() == KeyRule::kId;
  if (!alone && !columns.has_collections())
    return CorruptError("it has no column `collection`, which is part of this index's keys");
  for (int64_t row = 0; row < columns.count(); ++row) {
    const auto id = columns.id(row);
    if (!id) continue;
    const auto collection = columns.collection(row);
    if (alone && columns.has_collections()) LookAt(collection.value_or(""));
    if (other_collection_) return Status::OK();
    ARROW_RETURN_NOT_OK(keys->Add(hasher_(collection, *id)));
    ++row_count_;
  }
  return Status::OK();
}

void ItemKeys::LookAt(std::string_view collection) {
  if (!collection_) collection_ = collection;
  if (*collection_ != collection) other_collection_ = collection;
}

}  // namespace earthcatalog::keys
