// Rows of older versions of items, wherever in a table they lie, found while files of it are written anew.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/io/location.h"
#include "earthcatalog/maintain/compaction_plan.h"
#include "earthcatalog/rows/newest_rows.h"

namespace earthcatalog::maintain {

// Memory: as NewestRows, and a bit for each row. From any thread until Finish().
class VersionCheck {
 public:
  VersionCheck(int64_t memory_bytes, std::string temporary_directory)
      : rows_(memory_bytes, std::move(temporary_directory)) {}

  // Rows that have just been written to a file, of which these begin at `first`; those of one file come in
  // their order.
  Status AddWritten(const std::string& uri, const iceberg::Partition& partition, int64_t first,
                    const arrow::RecordBatch& rows);
  // Reads who the rows of the files are, which are reached as `table` is.
  Status AddStored(const io::Location& table, const std::vector<TableFile>& files,
                   const CancelSource& cancel);
  Status Finish();

  // After Finish(). Of each row of a file that was added whether it is of an older version; null where none
  // is.
  const std::vector<bool>* SupersededOf(const std::string& uri) const;
  int64_t superseded_count() const { return rows_.row_count() - rows_.kept_count(); }

 private:
  size_t NumberOf(const std::string& uri, int64_t ingested, const iceberg::Partition& partition);

  std::mutex mutex_;
  std::map<iceberg::Partition, uint32_t> partitions_;
  std::map<std::string, size_t> files_;  // by URI, their numbers in `rows_`
  rows::NewestRows rows_;
};

}  // namespace earthcatalog::maintain
