// The hash index of a table: the file of hashes by which its items are known.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/keys/hash_file.h"

namespace earthcatalog::keys {

struct HashIndexOptions {
  catalog::Paths paths;
  // BuildHashIndex: where the index is to lie; the table notes it. Empty: where the table says, or beside the
  // warehouse.
  std::string path = {};
  // UpdateHashIndex: Parquet files with the ids to add. Empty: what the table has got since.
  std::vector<std::string> files = {};
  SortOptions sort = {};
};

struct HashIndexReport {
  std::string path;
  KeyRule rule = KeyRule::kId;
  int64_t count = 0;  // of hashes it has now
  int64_t added = 0;  // of these, not there before
  int64_t rows = 0;   // that were read, each item once for each of its cells
  double seconds = 0;
  int64_t peak_memory = 0;  // of the process
};

// Where the table says that it lies, or else belongs: <warehouse>_id_hashes.parquet.
Result<io::Location> HashIndexPlace(const catalog::Catalog& catalog);

// What is hashed there: as the file says it, else the table's property, else the id, as 0.6.1 does.
Result<KeyRule> HashIndexRule(const catalog::Catalog& catalog, const HashFile& file);

// The file at that place. kNotFound, with what to do, when there is none.
Result<std::unique_ptr<HashFile>> OpenHashIndex(const catalog::Catalog& catalog);

// Makes the index from the table's rows, in place of one that is there, and notes in the table's properties
// where it lies and what is hashed: the id alone in a table of one collection, else collection and id. Holds
// the catalogue's lock. Memory: that of sorting and 16 MiB for reading, however many items there are. After
// an error the index is as it was.
Status BuildHashIndex(const HashIndexOptions& options, const ProgressCallback& progress,
                      const CancelSource& cancel, HashIndexReport* report);

// Adds ids, and takes none away. Of the table those files are read that came after the snapshot which the
// index has all ids of; all of them where it does not say, or the snapshot has expired. Makes an index of
// 0.6.1, or one that is not sorted, one of ours. Otherwise as BuildHashIndex, but kNotFound when there is
// none; a usage error when a second collection appears beside the one whose ids were hashed alone: then it is
// to be built anew.
Status UpdateHashIndex(const HashIndexOptions& options, const ProgressCallback& progress,
                       const CancelSource& cancel, HashIndexReport* report);

// Adds the ids of Parquet files to the file at a place, where there is none makes it, without asking a table:
// ids alone, unless the file says otherwise. Whoever else may write there is the caller's matter; memory and
// errors are those of UpdateHashIndex.
Status MergeIds(const io::Location& place, const std::vector<std::string>& files, const SortOptions& sort,
                const ProgressCallback& progress, const CancelSource& cancel, HashIndexReport* report);

// As one JSON object.
std::string HashIndexReportToJson(const HashIndexReport& report);

}  // namespace earthcatalog::keys
