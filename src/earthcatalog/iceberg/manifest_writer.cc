#include <algorithm>
#include <cctype>

#include "earthcatalog/iceberg/avro_schema_json.h"
#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/single_value.h"

namespace earthcatalog::iceberg {
namespace {

using Role = PartitionField::Role;
using State = ManifestEntry::State;

// Avro names are identifiers; anything else in a partition field's name is spelled out.
std::string AvroName(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalpha(byte) != 0 || c == '_' || (std::isdigit(byte) != 0 && !out.empty())) {
      out += c;
    } else {
      out += fmt::format("_x{:X}", byte);
    }
  }
  return out;
}

Json DataFileType(const PartitionSpec& spec) {
  Json partition = Json::array();
  for (const PartitionField& field : spec.fields) {
    partition.push_back(
        AvroOptional(AvroName(field.name), field.id, field.role == Role::kYear ? "int" : "string"));
  }
  return AvroRecord("r2", Json::array({
                              AvroRequired("content", 134, "int"),
                              AvroRequired("file_path", 100, "string"),
                              AvroRequired("file_format", 101, "string"),
                              AvroRequired("partition", 102, AvroRecord("r102", std::move(partition))),
                              AvroRequired("record_count", 103, "long"),
                              AvroRequired("file_size_in_bytes", 104, "long"),
                              AvroOptional("column_sizes", 108, AvroMap(117, 118, "long")),
                              AvroOptional("value_counts", 109, AvroMap(119, 120, "long")),
                              AvroOptional("null_value_counts", 110, AvroMap(121, 122, "long")),
                              AvroOptional("nan_value_counts", 137, AvroMap(138, 139, "long")),
                              AvroOptional("lower_bounds", 125, AvroMap(126, 127, "bytes")),
                              AvroOptional("upper_bounds", 128, AvroMap(129, 130, "bytes")),
                              AvroOptional("key_metadata", 131, "bytes"),
                              AvroOptional("split_offsets", 132, AvroList(133, "long")),
                              AvroOptional("equality_ids", 135, AvroList(136, "int")),
                              AvroOptional("sort_order_id", 140, "int"),
                          }));
}

void EncodeValue(int64_t value, AvroEncoder& out) { out.Integer(value); }
void EncodeValue(const std::string& value, AvroEncoder& out) { out.Bytes(value); }

// Empty maps are written as such: PyIceberg's table of entries takes no null for one.
template <typename Value>
void EncodeMap(const FieldMap<Value>& map, AvroEncoder& out) {
  out.NotNull();
  out.Array(map, [&out](const auto& entry) {
    out.Integer(entry.first);
    EncodeValue(entry.second, out);
  });
}

void EncodePartition(const Partition& partition, const PartitionSpec& spec, AvroEncoder& out) {
  for (const PartitionField& field : spec.fields) {
    if (field.role == Role::kYear) {
      out.OptionalInteger(partition.year);
    } else {
      out.OptionalBytes(partition.grid_partition);
    }
  }
}

void EncodeEntry(const ManifestEntry& entry, const DataFile& file, const PartitionSpec& spec,
                 AvroEncoder& out) {
  out.Integer(static_cast<int>(entry.state));
  out.OptionalInteger(entry.snapshot_id);
  out.OptionalInteger(entry.sequence_number);
  out.OptionalInteger(entry.file_sequence_number);
  if (!entry.encoded_file.empty()) return out.Encoded(entry.encoded_file);
  out.Integer(ManifestFile::kData);
  out.Bytes(file.path);
  out.Bytes(entry.format);
  EncodePartition(file.partition, spec, out);
  out.Integer(file.record_count);
  out.Integer(file.file_size);
  EncodeMap(file.column_sizes, out);
  EncodeMap(file.value_counts, out);
  EncodeMap(file.null_value_counts, out);
  EncodeMap(file.nan_value_counts, out);
  EncodeMap(file.lower_bounds, out);
  EncodeMap(file.upper_bounds, out);
  out.OptionalBytes(entry.key_metadata);
  if (file.split_offsets.empty()) {
    out.Null();
  } else {
    out.NotNull();
    out.Array(file.split_offsets, [&out](int64_t offset) { out.Integer(offset); });
  }
  out.Null();  // equality ids: of delete files only
  out.OptionalInteger(entry.sort_order_id);
}

void Widen(PartitionSummary* summary, const std::string& value, bool is_number) {
  const auto less = [is_number](const std::string& a, const std::string& b) {
    return is_number ? IntFromBytes(a) < IntFromBytes(b) : a < b;
  };
  if (!summary->lower || less(value, *summary->lower)) summary->lower = value;
  if (!summary->upper || less(*summary->upper, value)) summary->upper = value;
}

void Summarize(const Partition& partition, const PartitionSpec& spec,
               std::vector<PartitionSummary>* summaries) {
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    PartitionSummary& summary = (*summaries)[i];
    const bool is_year = spec.fields[i].role == Role::kYear;
    if (is_year ? !partition.year.has_value() : !partition.grid_partition.has_value()) {
      summary.contains_null = true;
    } else {
      Widen(&summary, is_year ? IntToBytes(*partition.year) : *partition.grid_partition, is_year);
    }
  }
}

}  // namespace

std::string EntrySchemaText(const PartitionSpec& spec) {
  return JsonText(AvroRecord("manifest_entry", Json::array({
                                                   AvroRequired("status", 0, "int"),
                                                   AvroOptional("snapshot_id", 1, "long"),
                                                   AvroOptional("sequence_number", 3, "long"),
                                                   AvroOptional("file_sequence_number", 4, "long"),
                                                   AvroRequired("data_file", 2, DataFileType(spec)),
                                               })));
}

ManifestWriter::ManifestWriter(const Json& schema_json, const PartitionSpec& spec, int64_t snapshot_id)
    : spec_(spec),
      writer_(EntrySchemaText(spec),
              {{"schema", JsonText(schema_json)},
               {"schema-id", std::to_string(FindInteger(schema_json, "schema-id").value_or(0))},
               {"partition-spec", JsonText(spec.fields_json)},
               {"partition-spec-id", std::to_string(spec.id)},
               {"format-version", "2"},
               {"content", "data"}}) {
  row_.spec_id = spec.id;
  row_.added_snapshot_id = snapshot_id;
  row_.sequence_number = ManifestFile::kUnassigned;
  row_.min_sequence_number = ManifestFile::kUnassigned;
  row_.partitions.emplace(
      spec.fields.size(),
      PartitionSummary{
          .contains_null = false, .contains_nan = false, .lower = std::nullopt, .upper = std::nullopt});
}

Status ManifestWriter::AddNew(const DataFile& file, std::optional<int64_t> data_sequence_number) {
  ManifestEntry entry;
  entry.sequence_number = data_sequence_number;
  entry.snapshot_id = row_.added_snapshot_id;
  return Write(entry, file);
}

Status ManifestWriter::Write(const ManifestEntry& entry, const DataFile& file) {
  Count(entry.state, file.record_count);
  if (entry.sequence_number && entry.state != State::kDeleted) {
    const int64_t sequence_number = *entry.sequence_number;
    const bool first = row_.min_sequence_number == ManifestFile::kUnassigned;
    row_.min_sequence_number = first ? sequence_number : std::min(row_.min_sequence_number, sequence_number);
  }
  Summarize(file.partition, spec_, &*row_.partitions);
  return writer_.Record([&](AvroEncoder& out) { EncodeEntry(entry, file, spec_, out); });
}

void ManifestWriter::Count(State state, int64_t rows) {
  switch (state) {
    case State::kAdded:
      ++row_.added_files;
      row_.added_rows += rows;
      break;
    case State::kExisting:
      ++row_.existing_files;
      row_.existing_rows += rows;
      break;
    case State::kDeleted:
      ++row_.deleted_files;
      row_.deleted_rows += rows;
  }
}

Result<ManifestWriter::Finished> ManifestWriter::Finish() {
  Finished finished;
  ARROW_ASSIGN_OR_RAISE(finished.bytes, writer_.Finish());
  finished.row = std::move(row_);
  finished.row.length = static_cast<int64_t>(finished.bytes.size());
  return finished;
}

}  // namespace earthcatalog::iceberg
