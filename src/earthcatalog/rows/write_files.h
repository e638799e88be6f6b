// Groups of rows to GeoParquet data files in the warehouse.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/io/location.h"
#include "earthcatalog/rows/fan_out.h"

namespace earthcatalog::rows {

struct WriteTarget {
  io::Location warehouse;
  std::shared_ptr<arrow::Schema> schema;  // with field ids and grid_partition
  // Of the groups' cells, which can be folders' (grid/cell_name.h). From any thread.
  std::function<std::string(grid::CellId)> cell_name;
  int64_t part_number = 0;  // of part 0
  int threads = 1;          // at least 1
  // Called with all that is written: the file, its partition, its rows. From any thread; an error ends the
  // writing.
  std::function<Status(const io::Location& file, const iceberg::Partition& partition,
                       const arrow::RecordBatch& rows)>
      on_rows = {};
};

// Data files that no commit names yet: removed when this is destroyed, unless they were released. Best
// effort: a file that cannot be removed is an orphan, not an error.
class UncommittedFiles {
 public:
  // They are reached as the warehouse is.
  explicit UncommittedFiles(io::Location warehouse) : warehouse_(std::move(warehouse)) {}
  ~UncommittedFiles();
  UncommittedFiles(UncommittedFiles&&) = default;
  UncommittedFiles& operator=(UncommittedFiles&&) = delete;
  UncommittedFiles(const UncommittedFiles&) = delete;
  UncommittedFiles& operator=(const UncommittedFiles&) = delete;

  void Add(std::vector<iceberg::DataFile> files);
  const std::vector<iceberg::DataFile>& files() const { return files_; }
  // They are the caller's from now on.
  std::vector<iceberg::DataFile> Release() { return std::exchange(files_, {}); }

 private:
  io::Location warehouse_;
  std::vector<iceberg::DataFile> files_;
};

// An error when a local warehouse is no longer there: writing would make it anew, and the files of earlier
// commits would not be in it.
Status CheckWarehouse(const io::Location& warehouse);

// Writes a file for every group, several at a time, called as data_file_name.h says. Adds what was
// written to `files`, also when it ends with an error.
Status WriteFiles(const WriteTarget& target, const FannedOut& rows, const CancelSource& cancel,
                  UncommittedFiles* files);

}  // namespace earthcatalog::rows
