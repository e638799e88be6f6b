// An Iceberg v2 table: its metadata as read, and the operations that commit a new version of it.
#pragma once

#include <arrow/type.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::iceberg {

struct Snapshot {
  int64_t id = 0;
  std::optional<int64_t> parent_id;
  int64_t sequence_number = 0;
  int64_t timestamp_ms = 0;
  std::string manifest_list;
  std::map<std::string, std::string> summary;  // with "operation"
};

// The seam to whatever stores the pointer to the current metadata file: a SQLite file, on a local disk or in
// an object store.
class CatalogStore {
 public:
  virtual ~CatalogStore() = default;
  // The current metadata location, or nothing when there is no such table.
  virtual Result<std::optional<std::string>> CurrentMetadata() = 0;
  // Registers a new table; kCommitConflict when it exists.
  virtual Status Create(const std::string& metadata_location) = 0;
  // Compare-and-swap; kCommitConflict when the current location is not `expected`; kCommitUnknown when it may
  // still happen later.
  virtual Status Swap(const std::string& expected, const std::string& metadata_location) = 0;
};

struct CreateOptions {
  std::string table_location;             // URI of the table's folder: metadata goes to <it>/metadata
  std::shared_ptr<arrow::Schema> schema;  // without field ids
  std::map<std::string, std::string> properties;
  io::S3Settings s3 = {};  // how the table's files are reached, where they are in S3
};

// A table in a catalog. One thread at a time.
class Table {
 public:
  static Result<std::unique_ptr<Table>> Create(std::shared_ptr<CatalogStore> store,
                                               const CreateOptions& options);
  // kNotFound when the catalog has no such table, kCorrupt when its metadata cannot be read.
  // `s3`: how its files are reached, where they are in S3.
  static Result<std::unique_ptr<Table>> Load(std::shared_ptr<CatalogStore> store,
                                             const io::S3Settings& s3 = {});

  ~Table();

  // The current schema, with field ids. Changes at commits.
  std::shared_ptr<arrow::Schema> schema() const;
  std::string location() const;
  std::string metadata_location() const;
  // The folder of metadata files, without a slash at its end.
  std::string metadata_folder() const;
  std::string uuid() const;
  const std::map<std::string, std::string>& properties() const;
  std::vector<Snapshot> snapshots() const;  // oldest first
  std::optional<Snapshot> current_snapshot() const;
  int64_t last_sequence_number() const;
  int last_column_id() const;

  struct AppendRequest {
    std::vector<DataFile> files;
    // When set, becomes the current schema in the same commit: the table's own, with columns added by
    // AssignFieldIds in one step or several. If another writer changed the schema meanwhile so that these ids
    // no longer hold, the commit fails with kCommitConflict.
    std::shared_ptr<arrow::Schema> schema;
    std::map<std::string, std::string> summary;  // additional entries of the snapshot summary
    // Table properties, set in the same commit where the table has none of the name.
    std::map<std::string, std::string> missing_properties = {};
    // Asked before each attempt, when the table is as it is at that attempt: its error ends the append. Once
    // others have committed, what the request was made for may not hold any more.
    std::function<Status()> guard = {};
    // Flush the filesystem below the metadata folder before the commit (locally; data files there go with
    // it).
    bool sync = true;
  };
  // One new snapshot that adds the files: new manifests (one, unless there are very many files) and a
  // manifest list; existing manifests stay as they are, but for old small ones that are merged now and then.
  // Without files the snapshot has those of its parent; without files and summary only the schema is
  // committed. Losing the race for the catalog pointer re-reads the table
  // and tries again on top of it (bounded). After an error the table is as it was, apart from unreferenced
  // metadata files; but after kCommitUnknown the append may be in it: then `files` must stay where they are.
  Status Append(const AppendRequest& request);

  // Calls `visit` for every live data file of the snapshot (current: nullopt). `keep_partition`, when given,
  // prunes whole manifests and entries by partition before they are decoded further. Without `with_metrics`
  // the maps by column stay empty, which is several times faster. An error when another engine left row-level
  // deletes: reading whole files would bring the rows back.
  Status ScanFiles(std::optional<int64_t> snapshot_id,
                   const std::function<bool(const Partition&)>& keep_partition,
                   const std::function<Status(const DataFile&)>& visit, bool with_metrics = true) const;

  // Calls `visit` with every path that the metadata names: data files of all snapshots, also those that a
  // snapshot removed; manifests, manifest lists, statistics, logged metadata files and the current one. As
  // they stand there, in no order, some more than once, and among them texts that are no paths. An error when
  // any of it cannot be read, so that nobody takes a part for the whole.
  Status VisitNamedFiles(const std::function<void(std::string_view path)>& visit) const;

 private:
  class Impl;
  explicit Table(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace earthcatalog::iceberg
