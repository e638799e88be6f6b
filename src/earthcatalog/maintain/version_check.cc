#include "earthcatalog/maintain/version_check.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "earthcatalog/rows/data_files_reader.h"
#include "earthcatalog/rows/identity.h"

namespace earthcatalog::maintain {

Status VersionCheck::AddWritten(const std::string& uri, const iceberg::Partition& partition, int64_t first,
                                const arrow::RecordBatch& rows) {
  std::lock_guard lock(mutex_);
  return rows_.Add(NumberOf(uri, /*ingested=*/0, partition), rows, first);
}

Status VersionCheck::AddStored(const io::Location& table, const std::vector<TableFile>& files,
                               const CancelSource& cancel) {
  // In the order in which they came into the table.
  std::vector<const TableFile*> ordered;
  for (const TableFile& file : files) ordered.push_back(&file);
  const auto key = [](const TableFile* file) {
    const int64_t ingested = rows::IngestedWith(file->file.path, file->file.sequence_number);
    return std::pair(std::abs(ingested), std::string_view(file->file.path));
  };
  std::sort(ordered.begin(), ordered.end(),
            [&](const TableFile* a, const TableFile* b) { return key(a) < key(b); });
  std::vector<rows::StoredFile> stored;
  std::vector<rows::DataFilesReader::File> to_read;
  stored.reserve(files.size());
  for (const TableFile* file : ordered) {
    stored.push_back({.uri = file->file.path, .size = file->file.file_size});
    to_read.push_back({&stored.back(), nullptr});
  }
  rows::DataFilesReader reader(table, std::move(to_read), rows::IdentityColumns::Names(), /*keep_bytes=*/0);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto found, reader.Next(cancel));
    if (!found) return Status::OK();
    const iceberg::DataFile& file = ordered[found->file]->file;
    std::lock_guard lock(mutex_);
    const size_t number =
        NumberOf(file.path, rows::IngestedWith(file.path, file.sequence_number), file.partition);
    ARROW_RETURN_NOT_OK(rows_.Add(number, *found->rows.rows, found->rows.first));
  }
}

Status VersionCheck::Finish() { return rows_.Finish(); }

const std::vector<bool>* VersionCheck::SupersededOf(const std::string& uri) const {
  const auto found = files_.find(uri);
  if (found == files_.end() || rows_.superseded_count(found->second) == 0) return nullptr;
  return &rows_.SupersededOf(found->second);
}

// Of a file that comes for the first time, too.
size_t VersionCheck::NumberOf(const std::string& uri, int64_t ingested, const iceberg::Partition& partition) {
  const auto known = files_.find(uri);
  if (known != files_.end()) return known->second;
  const auto number = partitions_.emplace(partition, static_cast<uint32_t>(partitions_.size())).first->second;
  return files_[uri] = rows_.AddFile({.uri = uri, .ingested = ingested, .partition = number});
}

}  // namespace earthcatalog::maintain
