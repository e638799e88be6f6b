// Which rows of a table are the items: fan-out and repeated ingests store an item many times.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/iceberg/expression.h"
#include "earthcatalog/rows/data_file_reader.h"
#include "earthcatalog/rows/identity.h"

namespace earthcatalog::rows {

// One row for each item, of its newest version. An item is a collection and an id; the newest version is that
// with the latest `updated`, then `created`, then the one ingested last; a version without the one or the
// other is older than one with it. Ingested last is what has the latest commit, then the largest part number
// in its file's name (identity.h: a row that has been moved to another file says so itself), then is the last
// row of the file with the largest path: this program writes files so that this is true
// (rows/version_parts.h), and in any table it is definite.
class NewestVersions {
 public:
  // Reads the identities of all rows, with `ids` only of the items with these ids. Memory: about 100 bytes
  // for each item found, what DataFilesReader takes meanwhile, and 32 MiB of small files that are kept for
  // reading their items.
  static Result<NewestVersions> Find(const catalog::Catalog& catalog, const std::vector<std::string>& ids,
                                     const CancelSource& cancel);

  struct FileRows {
    StoredFile file;
    std::vector<uint32_t> rows;  // ascending; none: nothing to read in this file
  };
  // In the order of the table's manifests.
  std::vector<FileRows>& files() { return files_; }
  uint64_t item_count() const { return items_.size(); }
  // Those asked for that no item has, in no order.
  std::vector<std::string> missing_ids() const { return {missing_.begin(), missing_.end()}; }

 private:
  struct Version {
    int64_t updated, created, ingested;
    auto operator<=>(const Version&) const = default;
  };
  struct Place {
    uint32_t file, row;
  };
  struct Newest {
    Version version;
    Place place;
  };
  struct HashIdentity {
    size_t operator()(const Identity& identity) const { return identity[0]; }
  };

  iceberg::Expression Search() const;
  Status ListFiles(const catalog::Catalog& catalog);
  Status ReadFiles(const catalog::Catalog& catalog, const CancelSource& cancel);
  void Add(const arrow::RecordBatch& rows, Place first);
  bool IsNewer(const Newest& a, const Newest& b) const;
  void CollectRows();

  std::unordered_set<std::string> wanted_;  // empty: every id
  std::unordered_set<std::string> missing_;
  std::vector<FileRows> files_;
  std::vector<int64_t> ingested_;  // of the files
  std::unordered_map<Identity, Newest, HashIdentity> items_;
};

}  // namespace earthcatalog::rows
