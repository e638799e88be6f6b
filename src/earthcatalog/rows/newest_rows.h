// Which rows of some files are their items, in bounded memory: one row of each item, of its newest version.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/rows/identity.h"

namespace earthcatalog::rows {

// A file and when its rows came into the table.
struct IngestedFile {
  std::string uri;
  int64_t sequence_number = 0;
};

// Versions of an item lie anywhere, for the sort order begins with what may differ between them. So all rows
// are described first, each by 40 bytes: the hash of its identity, `updated`, `created`, and its place, with
// the files numbered by (sequence number, part number, path), so that the larger place is the one ingested
// last. That is the order of NewestVersions (newest_versions.h). As long as the descriptions fit, one sort
// brings those of an item together; older ones are marked as superseded and forgotten. When more than half of
// the memory is taken by items' newest rows, all of them, and what comes, go to a temporary file in 32
// portions by bits of the hash, and each portion is then treated alike by itself, with the next bits. So the
// memory is `memory_bytes`, 2 MiB for each level of portions (there are few: 32 times as many rows make one
// more) and a bit for each row; each row is written and read once for a level.
//
// Rows without an id are no items: none of them supersedes another. One thread at a time; useless after an
// error.
class NewestRows {
 public:
  // Temporary files are made in `temporary_directory` (the system's when it is empty) and are gone with this
  // object.
  NewestRows(const std::vector<IngestedFile>& files, int64_t memory_bytes, std::string temporary_directory);
  ~NewestRows();

  // Rows of `file`, of which this batch begins at `first`, with the columns of IdentityColumns; batches of a
  // file come in their order. kCorrupt, naming the file, when it has no ids.
  Status Add(size_t file, const arrow::RecordBatch& rows, int64_t first);
  // All rows were added. Errors: those of temporary files.
  Status Finish();

  // After Finish(). Whether no newer row of its item is there.
  bool Keeps(size_t file, int64_t row) const { return !superseded_[file][static_cast<size_t>(row)]; }
  // How many were added.
  int64_t RowsOf(size_t file) const { return static_cast<int64_t>(superseded_[file].size()); }
  int64_t row_count() const { return row_count_; }
  int64_t kept_count() const { return row_count_ - superseded_count_; }
  // Whether a temporary file was needed.
  bool spilled() const { return spilled_; }

 private:
  struct Described {
    Identity identity;
    int64_t updated, created;
    uint32_t age;  // number of the file, the oldest is 0
    uint32_t row;
  };
  class Portion;
  void Supersede(const Described& row);

  std::vector<std::string> uris_;
  std::vector<uint32_t> ages_;   // of the files
  std::vector<uint32_t> files_;  // by age
  std::vector<std::vector<bool>> superseded_;
  int64_t row_count_ = 0, superseded_count_ = 0;
  const std::string temporary_directory_;
  bool spilled_ = false;
  std::unique_ptr<Portion> all_;
};

}  // namespace earthcatalog::rows
