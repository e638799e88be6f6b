// The metadata document of a table. It is kept as the JSON that was read, so that what other writers put in
// it survives; what this project needs of it is checked when it is read.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
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
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  const Json& schema_json() const;
  std::vector<Snapshot> snapshots() const;  // oldest first, without those that cannot be read
  size_t snapshot_count() const;            // with them
  std::optional<Snapshot> current_snapshot() const;
  Result<Snapshot> FindSnapshot(int64_t id) const;
  // Whether the metadata file is in the log of versions before this one.
  bool HasLogged(const std::string& metadata_location) const;
  Result<PartitionSpec> FindSpec(int id) const;
  int default_spec_id() const { return default_spec_id_; }

  // Edits. None of them fails after it began to change the document.

  // Makes `schema`, which has field ids, the current one; a known schema keeps its id. The name mapping
  // follows.
  Status SetSchema(const arrow::Schema& schema, int last_column_id);
  // The snapshot becomes the current one of the main branch.
  void AddSnapshot(const Snapshot& snapshot);
  void SetProperties(const std::map<std::string, std::string>& properties);
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
