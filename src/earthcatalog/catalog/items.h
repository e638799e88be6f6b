// The items of a table, each once.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/data_file_reader.h"
#include "earthcatalog/catalog/newest_versions.h"

namespace earthcatalog::catalog {

struct ItemRows {
  std::shared_ptr<arrow::RecordBatch> rows;  // with the columns of their data file
  std::vector<int64_t> items;                // which of them to take, ascending; at least one
};

// Reads the newest version of each item (NewestVersions says what that is), file by file. One thread at a
// time.
class ItemReader {
 public:
  // Finds out which rows they are: reads the identities of all rows. `ids`: only items with these, empty for
  // all.
  static Result<std::unique_ptr<ItemReader>> Open(const Catalog& catalog, const std::vector<std::string>& ids,
                                                  const CancelSource& cancel);

  // Nothing after the last item. Memory: a batch of rows.
  Result<std::optional<ItemRows>> Next(const CancelSource& cancel);

  uint64_t item_count() const { return newest_.item_count(); }
  std::vector<std::string> missing_ids() const { return newest_.missing_ids(); }

 private:
  ItemReader(io::Location table, NewestVersions newest)
      : table_(std::move(table)), newest_(std::move(newest)) {}

  // Of the file being read: those of its chosen rows that are among the next `count`.
  std::vector<int64_t> TakeRows(int64_t count);

  const io::Location table_;
  const NewestVersions newest_;
  size_t file_ = 0;  // being read, or to be opened next
  std::optional<DataFileReader> reader_;
  int64_t first_row_ = 0;  // of the file, in the next batch
  size_t taken_ = 0;       // of the file's chosen rows
};

}  // namespace earthcatalog::catalog
