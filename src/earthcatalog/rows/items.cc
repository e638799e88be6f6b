#include "earthcatalog/rows/items.h"

#include <algorithm>
#include <utility>

namespace earthcatalog::rows {

Result<std::unique_ptr<ItemReader>> ItemReader::Open(const catalog::Catalog& catalog,
                                                     const std::vector<std::string>& ids,
                                                     const CancelSource& cancel) {
  ARROW_ASSIGN_OR_RAISE(NewestVersions newest, NewestVersions::Find(catalog, ids, cancel));
  std::unique_ptr<ItemReader> reader(new ItemReader(catalog.warehouse(), std::move(newest)));
  reader->Rewind();
  return reader;
}

void ItemReader::Rewind() {
  reader_.reset();
  chosen_.clear();
  std::vector<DataFilesReader::File> files;
  for (NewestVersions::FileRows& file : newest_.files()) {
    if (file.rows.empty()) continue;
    chosen_.push_back(&file.rows);
    files.push_back({&file.file, &file.rows});
  }
  reader_.emplace(table_, std::move(files), std::vector<std::string>(), /*keep_bytes=*/0);
}

Result<std::optional<ItemRows>> ItemReader::Next(const CancelSource& cancel) {
  ARROW_ASSIGN_OR_RAISE(auto found, reader_->Next(cancel));
  if (!found) return std::nullopt;
  const auto [rows, first] = std::move(found->rows);
  const std::vector<uint32_t>& chosen = *chosen_[found->file];
  ItemRows items{rows, {}};
  for (auto row = std::lower_bound(chosen.begin(), chosen.end(), first);
       row != chosen.end() && *row < first + rows->num_rows(); ++row) {
    items.items.push_back(*row - first);
  }
  return items;
}

}  // namespace earthcatalog::rows
