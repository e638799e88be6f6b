// An Iceberg v2 table: its metadata as read, and the operations that commit a new version of it.
#pragma once

#include <arrow/type.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/iceberg/expression.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::iceberg {

class ManifestCache;
class TableMetadata;
struct Excerpt;
struct ExcerptRequest;

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
  // The highest field id of a schema that has its ids already, as files have them. 0: it has none.
  int last_column_id = 0;
  // Its first commit has the next one.
  int64_t last_sequence_number = 0;
};

// What a scan took.
struct ScanCounts {
  int64_t total_files = 0;       // of the snapshot
  int64_t manifests = 0;         // likewise
  int64_t manifests_read = 0;    // the others cannot hold a match, or were kept decoded
  int64_t manifests_cached = 0;  // looked through as they were kept
  int64_t entries = 0;           // live ones in the manifests that were looked through
  int64_t files = 0;             // that may hold a match
  int64_t bytes_read = 0;        // of the manifest list and manifests
};

struct PartitionTotals {
  int64_t rows = 0;
  int64_t files = 0;
  int64_t bytes = 0;
  std::vector<int64_t> file_sizes = {};  // in bytes, in no order
};

// What the current snapshot's metadata is made of, as far as its manifest list tells.
struct ManifestTotals {
  int64_t count = 0;
  int64_t bytes = 0;
  int64_t list_bytes = 0;
  // Of those that RewriteManifests may arrange anew:
  int64_t small = 0;    // that it would unite with others
  int64_t deepest = 0;  // the most that may all hold one cell and year: who looks for it reads each
  int64_t fixed = 0;    // the others; what they hold is not told, so every search reads them
};

// A table in a catalog. One thread at a time.
class Table {
 public:
  static Result<std::unique_ptr<Table>> Create(std::shared_ptr<CatalogStore> store,
                                               const CreateOptions& options);
  // The same with a first metadata document that the caller has made: of a table that is made anew.
  static Result<std::unique_ptr<Table>> Create(std::shared_ptr<CatalogStore> store, TableMetadata metadata,
                                               const io::S3Settings& s3);
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
  std::vector<Snapshot> history() const;    // the current one and those it was built on, newest first
  std::optional<Snapshot> current_snapshot() const;
  int64_t last_sequence_number() const;
  int last_column_id() const;

  // What a commit brings.
  struct CommitRequest {
    std::vector<DataFile> files;  // added
    // The one that the files are written in. When set, becomes the current schema in the same commit: the
    // table's own, with columns added by AssignFieldIds in one step or several, or without. If another writer
    // changed the schema meanwhile so that these ids no longer hold, the commit fails with kCommitConflict.
    // EvolveSchema() settles ids beforehand. Without it nobody sees that the table has other columns by now.
    std::shared_ptr<arrow::Schema> schema;
    std::map<std::string, std::string> summary;  // additional entries of the snapshot summary
    // More of them, asked at each attempt that makes a snapshot, when the table is as it is at that attempt.
    // They make none by themselves, and those of `summary` go before them.
    std::function<std::map<std::string, std::string>()> summary_on_top = {};
    // Table properties, set in the same commit where the table has none of the name. Without a snapshot they
    // are not set.
    std::map<std::string, std::string> missing_properties = {};
    // Asked before each attempt, when the table is as it is at that attempt: its error ends the commit. Once
    // others have committed, what the request was made for may not hold any more.
    std::function<Status()> guard = {};
    // Flush the filesystem below the metadata folder before the commit (locally; data files there go with
    // it).
    bool sync = true;
  };
  // What a commit takes out of the table. The files stay where they are: older snapshots have them.
  struct Removal {
    // Live files; of each its path and partition are looked at.
    std::vector<DataFile> files = {};
    std::set<Partition> partitions = {};  // all files of these
    bool everything = false;              // all files
  };

  // The operations below make one new snapshot each, in one commit. The files that it adds get new manifests
  // (one, unless they are very many); existing manifests stay as they are, but for those that hold a removed
  // file, and old small ones that are merged now and then. Losing the race for the catalog pointer re-reads
  // the table and tries again on top of it (bounded). After an error the table is as it was, apart from
  // unreferenced metadata files; but after kCommitUnknown the commit may be in it: then `files` must stay
  // where they are. A usage error when a path is both added and removed, by name or with all of its
  // partition: later, nobody could tell which of the two a snapshot means; so is one that is added twice.
  // That there is nothing to change, here and below, is said of the table as the catalog has it.

  // Without files the snapshot has those of its parent; without files and summary only the schema is
  // committed.
  Status Append(const CommitRequest& request);
  // Other rows take the place of the removed files'. kCommitConflict, naming the file, when another writer
  // has meanwhile removed one of these files, or added one to a partition that goes as a whole. The snapshot
  // says `overwrite`, or `append` or `delete` when there was nothing to remove or is nothing to add.
  Status Overwrite(const CommitRequest& request, const Removal& removal);
  // The same rows in other files: what compaction does. Others' appends are no conflict, changes of the same
  // files are. A usage error when there are more rows than before. `data_sequence_number`: of the added
  // files, when they are to count as older than this commit: that of a commit that this table has seen.
  Status Replace(const CommitRequest& request, const std::vector<DataFile>& replaced,
                 std::optional<int64_t> data_sequence_number = std::nullopt);
  // Replace() of all files of the table by some in which columns have other types: `request.schema`, which
  // ReplaceColumns() (schema.h) has made of the table's, becomes the current one in the same commit. Older
  // snapshots keep theirs. A snapshot is made also where there are no files. kCommitConflict when another
  // writer has meanwhile added files, which have the old columns, or changed the columns. A usage error that
  // names a column by which the table is partitioned or sorted, or its rows are told apart.
  Status ReplaceColumns(const CommitRequest& request, const std::vector<DataFile>& replaced);
  // Files are only removed; the snapshot says `delete`, also when there were none. Conflicts as in
  // Overwrite().
  Status Delete(const CommitRequest& request, const Removal& removal);
  // The same files in manifests that share no cell, so that a search reads few of them; the snapshot
  // says `replace` and how many manifests there were and are. No commit when they are so already. What it
  // takes: update/manifest_rewrite.h.
  Status RewriteManifests(const CommitRequest& request);

  // Settles field ids before files are written, so that many writers may write for one commit: commits the
  // schema that `grow` makes of the current one, its field ids assigned. Asked again when another writer
  // was faster. No commit when the table has it already. `grow` and its errors: AssignFieldIds (schema.h).
  using Grow =
      std::function<Result<std::shared_ptr<arrow::Schema>>(const std::shared_ptr<arrow::Schema>& current)>;
  Status EvolveSchema(const Grow& grow, bool sync = true);

  // One commit, without a snapshot; none when nothing changes.
  Status SetProperties(const std::map<std::string, std::string>& set, const std::set<std::string>& removed,
                       bool sync = true);

  struct ExpireRequest {
    // Snapshots before this instant may go. Nothing: the age that the table or branch states, or 5 days.
    std::optional<int64_t> older_than_ms = std::nullopt;
    // So many of each branch stay, whatever their age. Nothing: what the table or branch states, or 1.
    std::optional<int> keep_last = std::nullopt;
    // When snapshots of the current one's history go: entries of the summary of a snapshot, without files of
    // its own, that the same commit puts on top, for what is to be known although they are gone. Asked when
    // the table is as it is at the attempt. Empty, or gives nothing: no such snapshot.
    std::function<std::map<std::string, std::string>()> carried = {};
    // Whether something beyond the table needs the file of this path in the metadata: it stays, whatever the
    // snapshots reach. Empty: nothing does.
    std::function<bool(const std::string& path)> needed_elsewhere = {};
    std::function<Status()> guard = {};
    bool sync = true;
    bool delete_files = true;
    bool dry_run = false;  // commits and deletes nothing; the report is what would be, of the table as it is
  };
  struct ExpireReport {
    std::vector<int64_t> snapshots;   // expired, oldest first
    std::vector<std::string> refs;    // branches and tags whose time was over
    std::vector<std::string> files;   // deleted, by their paths in the metadata, sorted
    int64_t bytes = 0;                // of these, as the metadata says
    std::vector<std::string> needed;  // stay, since something beyond the table needs them
    std::vector<std::string> left;    // could not be deleted, or lie outside of the table's folders
  };
  // Snapshots that are too old and not needed leave the history, with the statistics that belong to them.
  // What branches and tags point to stays; of what a branch's current snapshot was built on what is young
  // enough or among the last few. One commit; then the files that no remaining snapshot reaches are deleted.
  // What all snapshots reach is read before the commit: after an error the history is as it was, but for
  // kCommitUnknown, and nothing is deleted, after kCommitUnknown neither. So what cannot be read ends it with
  // kCorrupt as long as `delete_files` is on. A usage error when the property gc.enabled forbids deletion,
  // unless `delete_files` is off.
  Status Expire(const ExpireRequest& request, ExpireReport* report);

  // A usage error when the property gc.enabled says that the table's files must not be deleted.
  Status CheckMayDelete() const;

  // Keeps what scans without metrics decode, for scans after them; nothing is kept unless this is called.
  void UseCache(std::shared_ptr<ManifestCache> cache);

  // Calls `visit` for every live data file of the snapshot (current: nullopt) that may hold a row that fits
  // `where`, in the order of the manifests. Manifests and entries that cannot are passed by before they are
  // decoded further. Without `with_metrics` the maps by column stay empty, which is several times faster.
  // `counts`, when given, is what it took. An error when another engine left row-level deletes: reading whole
  // files would bring the rows back.
  Status ScanFiles(std::optional<int64_t> snapshot_id, const Expression& where,
                   const std::function<Status(const DataFile&)>& visit, bool with_metrics = true,
                   ScanCounts* counts = nullptr) const;

  // Of all live files of the current snapshot. Errors as ScanFiles.
  Result<std::map<Partition, PartitionTotals>> TotalsByPartition() const;

  // Of the current snapshot's manifests that have live files; reads its manifest list alone.
  Result<ManifestTotals> TotalsOfManifests() const;

  // Calls `visit` with every path that the metadata names: data files of all snapshots, also those that a
  // snapshot removed; manifests, manifest lists, statistics, logged metadata files and the current one. As
  // they stand there, in no order, some more than once, and among them texts that are no paths. An error when
  // any of it cannot be read, so that nobody takes a part for the whole.
  Status VisitNamedFiles(const std::function<void(std::string_view path)>& visit) const;

  // Writes the manifests of the current snapshot and their list once more, under the names that the request
  // gives (excerpt.h). After an error none of them is left. Errors as ScanFiles; also where files are not
  // partitioned by cell and year.
  Result<Excerpt> WriteExcerpt(const ExcerptRequest& request, const CancelSource& cancel) const;

 private:
  class Impl;
  explicit Table(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace earthcatalog::iceberg
