// Manifests: the data files that a commit added, or took over from older manifests.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/avro_writer.h"
#include "earthcatalog/iceberg/column_ranges.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/iceberg/manifest_list.h"
#include "earthcatalog/iceberg/partition_spec.h"
#include "earthcatalog/iceberg/pruner.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::iceberg {

struct ManifestEntry {
  enum class State { kExisting = 0, kAdded = 1, kDeleted = 2 };
  State state = State::kAdded;
  // Nothing: those of the commit. Reading fills them in from the manifest list.
  std::optional<int64_t> snapshot_id;
  std::optional<int64_t> sequence_number;
  std::optional<int64_t> file_sequence_number;
  DataFile file;
  ColumnRanges ranges = {};  // where EntryFilter asks for them
  // What a copied entry must keep of other writers' files.
  std::string format = "PARQUET";
  std::optional<std::string> key_metadata;
  std::optional<int64_t> sort_order_id;
  // All of the file as the writer would encode it, which then takes this and looks at nothing else of the
  // file but its partition and number of rows. Empty: not known.
  std::string encoded_file;
};

// The Avro schema of a manifest's entries, as ManifestWriter writes it.
std::string EntrySchemaText(const PartitionSpec& spec);

// Writes one manifest and counts what its row in the manifest list says.
class ManifestWriter {
 public:
  // `schema_json`: the table's current schema. `spec` is one of cell and year.
  ManifestWriter(const Json& schema_json, const PartitionSpec& spec, int64_t snapshot_id);

  // A file of this commit; with a data sequence number of its own when its rows count as older.
  Status AddNew(const DataFile& file, std::optional<int64_t> data_sequence_number = std::nullopt);
  Status Add(const ManifestEntry& entry) { return Write(entry, entry.file); }
  size_t bytes_written() const { return writer_.bytes_written(); }

  struct Finished {
    std::string bytes;
    ManifestFile row;  // its path is the caller's to fill in, and the sequence numbers the commit's
  };
  Result<Finished> Finish();

 private:
  // `file` is written, whatever `entry.file` is: a new file need not be copied into an entry.
  Status Write(const ManifestEntry& entry, const DataFile& file);
  void Count(ManifestEntry::State state, int64_t rows);

  PartitionSpec spec_;
  AvroWriter writer_;
  ManifestFile row_;
};

struct EntryFilter {
  const Pruner* pruner = nullptr;  // outlives the reading; null: all
  // Fills in the entry's ranges; a pruner that needs them must have them. Outlives the reading.
  const RangeColumnIds* ranges = nullptr;
  bool with_metrics = true;  // false: the maps by column stay empty
  bool deleted = false;      // those too that the commit removed
  // For ManifestWriter::Add() with the same spec: fills in `encoded_file` where the manifest is one of ours,
  // and leaves the maps by column empty there.
  bool to_copy = false;
};

// Calls `visit`, which may take the entry's parts, for each entry that the filter keeps: live ones. The
// others are skipped over. `row` is the manifest's row in the list, `spec` the one that it names.
Status DecodeManifest(std::string bytes, const ManifestFile& row, const PartitionSpec& spec,
                      const EntryFilter& filter, const std::function<Status(ManifestEntry&)>& visit);

// Reads the file that `row` names and decodes it. Errors name it.
Status ReadManifest(const ManifestFile& row, const PartitionSpec& spec, const io::S3Settings& s3,
                    const EntryFilter& filter, const std::function<Status(ManifestEntry&)>& visit);

}  // namespace earthcatalog::iceberg
