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
#include "earthcatalog/rows/data_files_reader.h"
#include "earthcatalog/rows/newest_versions.h"

namespace earthcatalog::rows {

struct ItemRows {
  std::shared_ptr<arrow::RecordBatch> rows;  // with the columns of their data file
  std::vector<int64_t> items;                // which of them to take, ascending; at least one
};

// Reads the newest version of each item (NewestVersions says what that is), in the order of the table's files
// and of the rows in them. One thread at a time; has threads of its own.
class ItemReader {
 public:
  // Finds out which rows they are: reads the identities of all rows. `ids`: only items with these, empty for
  // all.
  static Result<std::unique_ptr<ItemReader>> Open(const catalog::Catalog& catalog,
                                                  const std::vector<std::string>& ids,
                                                  const CancelSource& cancel);

  // Nothing after the last item. Memory: as DataFilesReader and NewestVersions say.
  Result<std::optional<ItemRows>> Next(const CancelSource& cancel);
  // The next item is the first one again.
  void Rewind();

  uint64_t item_count() const { return newest_.item_count(); }
  std::vector<std::string> missing_ids() const { return newest_.missing_ids(); }

 private:
  ItemReader(io::Location table, NewestVersions newest)
      : table_(std::move(table)), newest_(std::move(newest)) {}

  const io::Location table_;
  NewestVersions newest_;
  std::vector<const std::vector<uint32_t>*> chosen_;  // rows of the files that have any
  std::optional<DataFilesReader> reader_;             // of these
};

}  // namespace earthcatalog::rows
