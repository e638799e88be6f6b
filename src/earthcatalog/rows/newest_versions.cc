#include "earthcatalog/rows/newest_versions.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "earthcatalog/iceberg/pruner.h"
#include "earthcatalog/rows/data_file_name.h"
#include "earthcatalog/rows/data_files_reader.h"

namespace earthcatalog::rows {
namespace {

constexpr int64_t kKeptBytes = 32 << 20;

}  // namespace

Result<NewestVersions> NewestVersions::Find(const catalog::Catalog& catalog,
                                            const std::vector<std::string>& ids, const CancelSource& cancel) {
  NewestVersions newest;
  newest.wanted_.insert(ids.begin(), ids.end());
  newest.missing_ = newest.wanted_;
  ARROW_RETURN_NOT_OK(newest.ListFiles(catalog));
  ARROW_RETURN_NOT_OK(newest.ReadFiles(catalog, cancel));
  newest.CollectRows();
  return newest;
}

Status NewestVersions::ListFiles(const catalog::Catalog& catalog) {
  if (catalog.table().schema()->GetFieldByName("id") == nullptr) {
    return CorruptError("the table has no column `id`");
  }
  const auto add = [&](const iceberg::DataFile& file) {
    files_.push_back({{file.path, file.file_size}, {}});
    ingested_.push_back(IngestedWith(file.path, file.sequence_number));
    return Status::OK();
  };
  return catalog.table().ScanFiles(std::nullopt, Search(), add, /*with_metrics=*/false);
}

iceberg::Expression NewestVersions::Search() const {
  iceberg::Expression search;
  if (!wanted_.empty()) search.ids.emplace(wanted_.begin(), wanted_.end());
  return search;
}

Status NewestVersions::ReadFiles(const catalog::Catalog& catalog, const CancelSource& cancel) {
  std::vector<DataFilesReader::File> files;
  for (FileRows& file : files_) files.push_back({&file.file, nullptr});
  const iceberg::Pruner pruner(Search());
  DataFilesReader reader(catalog.warehouse(), std::move(files), IdentityColumns::Names(), kKeptBytes,
                         wanted_.empty() ? nullptr : &pruner);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto found, reader.Next(cancel));
    if (!found) return Status::OK();
    const arrow::RecordBatch& rows = *found->rows.rows;
    if (!IdentityColumns(rows).has_ids()) {
      return CorruptError("{} has no column `id` of text", files_[found->file].file.uri);
    }
    Add(rows, {static_cast<uint32_t>(found->file), static_cast<uint32_t>(found->rows.first)});
  }
}

void NewestVersions::Add(const arrow::RecordBatch& rows, Place first) {
  IdentityColumns columns(rows);
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    if (!wanted_.empty()) {
      const std::string id(columns.id(row).value_or(""));
      if (!wanted_.contains(id)) continue;
      missing_.erase(id);
    }
    const int64_t ingested = std::abs(columns.ingested(row).value_or(ingested_[first.file]));
    const Newest found{{columns.updated(row), columns.created(row), ingested},
                       {first.file, first.row + static_cast<uint32_t>(row)}};
    const auto [item, is_new] = items_.try_emplace(columns.identity(row), found);
    if (!is_new && IsNewer(found, item->second)) item->second = found;
  }
}

bool NewestVersions::IsNewer(const Newest& a, const Newest& b) const {
  if (a.version != b.version) return a.version > b.version;
  if (a.place.file == b.place.file) return a.place.row > b.place.row;
  return files_[a.place.file].file.uri > files_[b.place.file].file.uri;
}

void NewestVersions::CollectRows() {
  for (const auto& [identity, newest] : items_) files_[newest.place.file].rows.push_back(newest.place.row);
  for (FileRows& file : files_) std::sort(file.rows.begin(), file.rows.end());
}

}  // namespace earthcatalog::rows
