// Rows that are there more than once.
#pragma once

#include <cstdint>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/rows/data_file_reader.h"
#include "earthcatalog/rows/newest_rows.h"

namespace earthcatalog::maintain {

struct RepeatedRow {
  std::optional<std::string> collection;
  std::string id;
  std::string path;  // of its file
};

struct RepeatedRows {
  int64_t count = 0;
  std::vector<RepeatedRow> first;  // 10 of them
};

// A list of objects with collection, id and path, for reports.
nlohmann::ordered_json RepeatedToJson(const std::vector<RepeatedRow>& rows);

// What of a file the searches below need.
struct FileOfRows {
  std::string uri;
  int64_t bytes = 0;
  iceberg::Partition partition;
  int64_t sequence_number = 0;
};

// How many rows are not the newest of their item (collection, id) in their partition: what compaction leaves
// out. Reads who each row is. Memory: that of DataFilesReader, and 64 MiB.
Result<RepeatedRows> FindRepeatedRows(const io::Location& warehouse, std::vector<FileOfRows> files,
                                      const CancelSource& cancel);

// Finds items of which rows of more than one version are there. Rows of one version agree in all that an item
// says of itself; here it is looked at `updated`, `created`, `datetime`, `platform` and the geometry. Memory:
// 128 MiB, as NewestRows says.
class VersionsOfItems {
 public:
  // `files`: all that there are, in the order of their numbers.
  explicit VersionsOfItems(const std::vector<FileOfRows>& files);

  // Rows of a file, with the columns that Names() says. Batches of a file come in their order. Thread-safe.
  Status Add(size_t file, const arrow::RecordBatch& rows, int64_t first);

  // All rows were added: those of which a newer version of the item is there.
  Result<RepeatedRows> Finish(const io::Location& warehouse);

 private:
  const std::vector<FileOfRows>& files_;
  std::mutex mutex_;
  rows::NewestRows items_, versions_;
};

}  // namespace earthcatalog::maintain
