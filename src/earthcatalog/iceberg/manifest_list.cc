#include "earthcatalog/iceberg/manifest_list.h"

#include "earthcatalog/iceberg/avro_reader.h"
#include "earthcatalog/iceberg/avro_schema_json.h"
#include "earthcatalog/iceberg/avro_writer.h"

namespace earthcatalog::iceberg {
namespace {

// The order in which EncodeManifest writes.
const std::string& SchemaText() {
  static const std::string text = JsonText(AvroRecord(
      "manifest_file",
      Json::array(
          {AvroRequired("manifest_path", 500, "string"), AvroRequired("manifest_length", 501, "long"),
           AvroRequired("partition_spec_id", 502, "int"), AvroRequired("content", 517, "int"),
           AvroRequired("sequence_number", 515, "long"), AvroRequired("min_sequence_number", 516, "long"),
           AvroRequired("added_snapshot_id", 503, "long"), AvroRequired("added_files_count", 504, "int"),
           AvroRequired("existing_files_count", 505, "int"), AvroRequired("deleted_files_count", 506, "int"),
           AvroRequired("added_rows_count", 512, "long"), AvroRequired("existing_rows_count", 513, "long"),
           AvroRequired("deleted_rows_count", 514, "long"),
           AvroOptional("partitions", 507,
                        AvroList(508, AvroRecord("r508", Json::array({
                                                             AvroRequired("contains_null", 509, "boolean"),
                                                             AvroOptional("contains_nan", 518, "boolean"),
                                                             AvroOptional("lower_bound", 510, "bytes"),
                                                             AvroOptional("upper_bound", 511, "bytes"),
                                                         })))),
           AvroOptional("key_metadata", 519, "bytes")})));
  return text;
}

void EncodeSummary(const PartitionSummary& summary, AvroEncoder* out) {
  out->Boolean(summary.contains_null);
  if (summary.contains_nan) {
    out->NotNull();
    out->Boolean(*summary.contains_nan);
  } else {
    out->Null();
  }
  out->OptionalBytes(summary.lower);
  out->OptionalBytes(summary.upper);
}

void EncodeManifest(const ManifestFile& manifest, AvroEncoder* out) {
  out->Bytes(manifest.path);
  out->Integer(manifest.length);
  out->Integer(manifest.spec_id);
  out->Integer(manifest.content);
  out->Integer(manifest.sequence_number);
  out->Integer(manifest.min_sequence_number);
  out->Integer(manifest.added_snapshot_id);
  out->Integer(manifest.added_files);
  out->Integer(manifest.existing_files);
  out->Integer(manifest.deleted_files);
  out->Integer(manifest.added_rows);
  out->Integer(manifest.existing_rows);
  out->Integer(manifest.deleted_rows);
  if (manifest.partitions) {
    out->NotNull();
    out->Array(*manifest.partitions, [out](const PartitionSummary& summary) { EncodeSummary(summary, out); });
  } else {
    out->Null();
  }
  out->OptionalBytes(manifest.key_metadata);
}

// Other writers' lists without field ids. The older names of the counts are those of format version 1.
void FillIds(AvroType* manifest) {
  FillFieldIds(manifest, {{"manifest_path", 500},
                          {"manifest_length", 501},
                          {"partition_spec_id", 502},
                          {"added_snapshot_id", 503},
                          {"added_files_count", 504},
                          {"added_data_files_count", 504},
                          {"existing_files_count", 505},
                          {"existing_data_files_count", 505},
                          {"deleted_files_count", 506},
                          {"deleted_data_files_count", 506},
                          {"partitions", 507},
                          {"added_rows_count", 512},
                          {"existing_rows_count", 513},
                          {"deleted_rows_count", 514},
                          {"sequence_number", 515},
                          {"min_sequence_number", 516},
                          {"content", 517},
                          {"key_metadata", 519}});
  FillFieldIds(RecordBelow(manifest, 507),
               {{"contains_null", 509}, {"lower_bound", 510}, {"upper_bound", 511}, {"contains_nan", 518}});
}

std::optional<std::string> Text(AvroDecoder& in, const AvroType& type) {
  const auto bytes = in.Bytes(type);
  return bytes ? std::optional<std::string>(*bytes) : std::nullopt;
}

PartitionSummary DecodeSummary(AvroDecoder& in, const AvroType& record) {
  PartitionSummary summary;
  for (const AvroField& field : record.fields) {
    switch (field.id) {
      case 509:
        summary.contains_null = in.Boolean(field.type).value_or(true);
        break;
      case 518:
        summary.contains_nan = in.Boolean(field.type);
        break;
      case 510:
        summary.lower = Text(in, field.type);
        break;
      case 511:
        summary.upper = Text(in, field.type);
        break;
      default:
        in.Skip(field.type);
    }
  }
  return summary;
}

void DecodeSummaries(AvroDecoder& in, const AvroType& type, ManifestFile* manifest) {
  std::vector<PartitionSummary> summaries;
  in.Array(type, [&](const AvroType& item) {
    in.Record(item, [&](const AvroType& record) { summaries.push_back(DecodeSummary(in, record)); });
  });
  if (!summaries.empty()) manifest->partitions = std::move(summaries);
}

// Where a plain number of a row belongs; null for the other fields.
int64_t* NumberField(int id, ManifestFile* manifest) {
  switch (id) {
    case 501:
      return &manifest->length;
    case 503:
      return &manifest->added_snapshot_id;
    case 504:
      return &manifest->added_files;
    case 505:
      return &manifest->existing_files;
    case 506:
      return &manifest->deleted_files;
    case 512:
      return &manifest->added_rows;
    case 513:
      return &manifest->existing_rows;
    case 514:
      return &manifest->deleted_rows;
    case 515:
      return &manifest->sequence_number;
    case 516:
      return &manifest->min_sequence_number;
    default:
      return nullptr;
  }
}

// No list counts more; so sums of counts stay in range, too.
constexpr int64_t kMostCounted = int64_t{1} << 50;

bool IsId(int field) { return field == 503 || field == 515 || field == 516; }

// False when a number that every list has is null or cannot be: without file counts, readers would skip the
// manifest.
bool DecodeField(AvroDecoder& in, const AvroField& field, ManifestFile* manifest) {
  if (int64_t* number = NumberField(field.id, manifest)) {
    const auto value = in.Integer(field.type);
    *number = value.value_or(0);
    return value.has_value() && (IsId(field.id) || (0 <= *number && *number <= kMostCounted));
  }
  switch (field.id) {
    case 500:
      manifest->path = Text(in, field.type).value_or("");
      break;
    case 502:
      manifest->spec_id = static_cast<int>(in.Integer(field.type).value_or(0));
      break;
    case 517:
      manifest->content = static_cast<int>(in.Integer(field.type).value_or(ManifestFile::kData));
      break;
    case 507:
      DecodeSummaries(in, field.type, manifest);
      break;
    case 519:
      manifest->key_metadata = Text(in, field.type);
      break;
    default:
      in.Skip(field.type);
  }
  return true;
}

}  // namespace

Result<std::string> EncodeManifestList(const std::vector<ManifestFile>& manifests,
                                       const ManifestListInfo& info) {
  const auto parent = info.parent_snapshot_id;
  AvroWriter writer(SchemaText(), {{"snapshot-id", std::to_string(info.snapshot_id)},
                                   {"parent-snapshot-id", parent ? std::to_string(*parent) : "null"},
                                   {"sequence-number", std::to_string(info.sequence_number)},
                                   {"format-version", "2"}});
  for (const ManifestFile& manifest : manifests) {
    ARROW_RETURN_NOT_OK(writer.Record([&](AvroEncoder& out) { EncodeManifest(manifest, &out); }));
  }
  return writer.Finish();
}

Result<std::vector<ManifestFile>> DecodeManifestList(std::string bytes) {
  ARROW_ASSIGN_OR_RAISE(AvroReader reader, AvroReader::Open(std::move(bytes)));
  FillIds(reader.schema());
  std::vector<ManifestFile> manifests;
  ARROW_RETURN_NOT_OK(reader.ForEachRecord([&](AvroDecoder& in) {
    ManifestFile& manifest = manifests.emplace_back();
    for (const AvroField& field : reader.schema()->fields) {
      if (!DecodeField(in, field, &manifest))
        return CorruptError("a manifest list has no possible `{}`", field.name);
    }
    return manifest.path.empty() ? CorruptError("a manifest list names no file") : Status::OK();
  }));
  return manifests;
}

Status CheckHasNoDeletes(const std::vector<ManifestFile>& manifests) {
  for (const ManifestFile& manifest : manifests) {
    if (manifest.content != ManifestFile::kDeletes || !manifest.has_live_files()) continue;
    return FailedError(
        "the table has row-level deletes, written by another engine, which this program does not read: "
        "rewrite its data files with that engine");
  }
  return Status::OK();
}

}  // namespace earthcatalog::iceberg
