// The metadata document of a table. It is kept as the JSON that was read, so that what other writers put in
// it survives; what this project needs of it is checked when it is read.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/json_access.h"
#include "earthcatalog/iceberg/partition_spec.h"
#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::iceberg {

// A value: copies are independent.
class TableMetadata {
 public:
  // kCorrupt, saying what is wrong. Format version 2 only.
  static Result<TableMetadata> Parse(std::string_view text);
  // Of a table without snapshots, partitioned by cell and year.
  static Result<TableMetadata> New(const CreateOptions& options, int64_t now_ms);

  std::string ToText() const { return JsonText(json_); }
  const Json& document() const { return json_; }
  // Every text that the document holds as a value, at any depth.
  std::vector<std::string> AllTexts() const;

  const std::string& uuid() const { return uuid_; }
  const std::string& location() const { return location_; }
  // The folder of metadata files, without a slash at its end.
  std::string metadata_folder() const;
  int64_t last_sequence_number() const { return last_sequence_number_; }
  int64_t last_updated_ms() const { return last_updated_ms_; }
  int last_column_id() const { return last_column_id_; }
  const std::map<std::string, std::string>& properties() const { return properties_; }
  // The property as a number of at least `least`, or `fallback` when it is missing or no such number.
  int64_t NumberProperty(const std::string& key, int64_t fallback, int64_t least = 0) const;
  // A usage error when the property gc.enabled says that the table's files must not be deleted.
  Status CheckMayDelete() const;
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  const Json& schema_json() const;
  std::vector<Snapshot> snapshots() const;  // oldest first, without those that cannot be read
  size_t snapshot_count() const;            // with them
  std::optional<Snapshot> current_snapshot() const;
  Result<Snapshot> FindSnapshot(int64_t id) const;
  // The snapshot and those it was built on, newest first, as far back as the document has them.
  std::vector<Snapshot> HistoryOf(int64_t id) const;
  struct Ref {  // a branch or a tag
    std::string name;
    int64_t snapshot_id = 0;
    bool is_branch = false;
    std::optional<int64_t> min_snapshots_to_keep, max_snapshot_age_ms, max_ref_age_ms;
  };
  std::vector<Ref> refs() const;
  // Of both kinds: what a snapshot's statistics files are.
  struct StatisticsFile {
    int64_t snapshot_id = 0;
    std::string path;
    int64_t bytes = 0;
  };
  std::vector<StatisticsFile> statistics() const;
  // Whether the metadata file is in the log of versions before this one.
  bool HasLogged(const std::string& metadata_location) const;
  Result<PartitionSpec> FindSpec(int id) const;
  int default_spec_id() const { return default_spec_id_; }

  // The fields that sorting, partitioning and the identity of rows are told by.
  std::set<int64_t> ReferredFieldIds() const;

  // The same table at another place, before its first snapshot: its uuid, columns, properties and sequence
  // numbers, but none of what names files, which lie elsewhere then: snapshots, branches and tags, logs,
  // statistics.
  TableMetadata MovedTo(const std::string& location) const;

  // Edits. None of them fails after it began to change the document.

  // Makes `schema`, which has field ids, the current one; a known schema keeps its id. The name mapping
  // follows.
  Status SetSchema(const arrow::Schema& schema, int last_column_id);
  // The snapshot becomes the current one of the main branch.
  void AddSnapshot(const Snapshot& snapshot);
  void SetProperties(const std::map<std::string, std::string>& properties);
  void RemoveProperties(const std::set<std::string>& names);
  // Snapshots and refs leave the document, with their statistics; none of the snapshots is a ref's or the
  // current one. The log of snapshots begins behind the last one that is gone.
  void RemoveSnapshots(const std::set<int64_t>& ids, const std::set<std::string>& refs);
  // To be called once for each new version: its time, and the log of the versions before it, bounded by the
  // table property write.metadata.previous-versions-max. Returns the files that fall out of the log.
  std::vector<std::string> StartVersion(const std::string& previous_location, int64_t now_ms);

 private:
  TableMetadata() = default;
  // Fills the members below from json_.
  Status ReadMembers();

  Json json_;
  std::string uuid_;
  std::string location_;
  int64_t last_sequence_number_ = 0;
  int64_t last_updated_ms_ = 0;
  int last_column_id_ = 0;
  int current_schema_id_ = 0;
  int default_spec_id_ = 0;
  std::map<std::string, std::string> properties_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace earthcatalog::iceberg
