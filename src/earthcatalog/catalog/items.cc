#include "earthcatalog/catalog/items.h"

#include <utility>

namespace earthcatalog::catalog {

Result<std::unique_ptr<ItemReader>> ItemReader::Open(const Catalog& catalog,
                                                     const std::vector<std::string>& ids,
                                                     const CancelSource& cancel) {
  ARROW_ASSIGN_OR_RAISE(NewestVersions newest, NewestVersions::Find(catalog, ids, cancel));
  return std::unique_ptr<ItemReader>(new ItemReader(catalog.warehouse(), std::move(newest)));
}

Result<std::optional<ItemRows>> ItemReader::Next(const CancelSource& cancel) {
  const auto& files = newest_.files();
  while (file_ < files.size()) {
    ARROW_RETURN_NOT_OK(cancel.status());
    if (taken_ == files[file_].rows.size()) {  // the rest of the file need not be read
      reader_.reset();
      first_row_ = 0;
      taken_ = 0;
      ++file_;
      continue;
    }
    if (!reader_) {
      ARROW_ASSIGN_OR_RAISE(reader_, DataFileReader::Open(table_, files[file_].uri));
    }
    ARROW_ASSIGN_OR_RAISE(auto rows, reader_->Next());
    if (rows == nullptr) return CorruptError("{} has become shorter", files[file_].uri);
    auto items = TakeRows(rows->num_rows());
    if (!items.empty()) return ItemRows{std::move(rows), std::move(items)};
  }
  return std::nullopt;
}

std::vector<int64_t> ItemReader::TakeRows(int64_t count) {
  const std::vector<uint32_t>& chosen = newest_.files()[file_].rows;
  const int64_t begin = std::exchange(first_row_, first_row_ + count);
  std::vector<int64_t> rows;
  while (taken_ < chosen.size() && chosen[taken_] < first_row_) rows.push_back(chosen[taken_++] - begin);
  return rows;
}

}  // namespace earthcatalog::catalog
