// Which rows of some files are of their items' newest versions, in bounded memory.
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
  int64_t ingested = 0;    // IngestedWith(); counts for rows that do not say it themselves
  uint32_t partition = 0;  // any number that is the partition's own
};

// Of an item those rows are kept that are of its newest version, and in each partition one of them, the one
// that came last: an item has a row in every cell that it touches. The newest version is that of
// NewestVersions (newest_versions.h). Where rows of two partitions have the same `updated` and `created`, and
// nobody knows which came later (IngestedWith), they are taken for the same version: nothing is dropped on a
// guess. What is kept does not depend on the memory.
//
// Versions of an item lie anywhere, for the sort order begins with what may differ between them. So all rows
// are described first, each by 48 bytes: the hash of its identity, `updated`, `created`, when it was
// ingested, and its place. As long as the descriptions fit, one sort brings those of an item together; older
// ones are marked as superseded and forgotten, but for the latest `ingested` that is known of the newest
// version where no row that is kept says it: that takes another 48 bytes. When more than half of the memory
// is taken by rows that are kept, all of them, and what comes, go to a temporary file in 32 portions by bits
// of the hash, and each portion is then treated alike by itself, with the next bits. So the memory is
// `memory_bytes`, 2 MiB for each level of portions (there are few: 32 times as many rows make one more) and a
// bit for each row; each row is written and read once for a level.
//
// Rows without an id are no items: none of them supersedes another. One thread at a time; useless after an
// error.
class NewestRows {
 public:
  // Temporary files are made in `temporary_directory` (the system's when it is empty) and are gone with this
  // object.
  NewestRows(int64_t memory_bytes, std::string temporary_directory);
  ~NewestRows();

  // Its number: 0, 1, … Of rows that nothing else tells apart those of the file added later are newer, then
  // later rows of a file.
  size_t AddFile(IngestedFile file);
  // Rows of a file, of which this batch begins at `first`, with the columns of IdentityColumns; batches of a
  // file come in their order. kCorrupt, naming the file, when it has no ids.
  Status Add(size_t file, const arrow::RecordBatch& rows, int64_t first);
  // All rows were added. Errors: those of temporary files.
  Status Finish();

  // After Finish(). The rows that are not kept, false for the others.
  const std::vector<bool>& SupersededOf(size_t file) const { return files_[file].superseded; }
  int64_t superseded_count(size_t file) const { return files_[file].superseded_count; }

  // How many were added.
  int64_t row_count(size_t file) const { return static_cast<int64_t>(files_[file].superseded.size()); }
  int64_t row_count() const { return row_count_; }
  int64_t kept_count() const { return row_count_ - superseded_count_; }
  // Whether a temporary file was needed.
  bool spilled() const { return spilled_; }

 private:
  struct Described {
    Identity identity;
    int64_t updated, created, ingested;
    uint32_t file, row;
  };
  struct File {
    IngestedFile file;
    std::vector<bool> superseded;
    int64_t superseded_count = 0;
  };
  class Portion;
  void Supersede(const Described& row);

  std::vector<File> files_;
  int64_t row_count_ = 0, superseded_count_ = 0;
  const std::string temporary_directory_;
  bool spilled_ = false;
  std::unique_ptr<Portion> all_;
};

}  // namespace earthcatalog::rows
