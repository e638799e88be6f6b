// Avro files as manifests and manifest lists: any bytes are entries or an error, and entries written by this
// project read the same.
//
// The bytes are a file as they are, a block of records below one of our own schemas or below a schema of
// their own (so that damage gets past the container and its compression), or values to write.
#include <fuzzer/FuzzedDataProvider.h>

#include <string>
#include <vector>

#include "check.h"
#include "earthcatalog/iceberg/avro_reader.h"
#include "earthcatalog/iceberg/avro_writer.h"
#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/schema.h"

namespace earthcatalog::iceberg {
namespace {

using fuzz::Check;
using fuzz::Must;

constexpr int64_t kSnapshot = 77;

// A small table.
struct Table {
  Table() {
    const auto wanted =
        arrow::schema({arrow::field("id", arrow::utf8(), false),
                       arrow::field("datetime", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                       arrow::field("grid_partition", arrow::utf8())});
    int last_id = 0;
    schema = Must(AssignFieldIds(*wanted, nullptr, &last_id), "field ids");
    schema_json = Must(SchemaToJson(*schema, 0), "the schema");
    spec = Must(ParsePartitionSpec(Must(CellAndYearSpec(*schema), "the spec"), *schema), "the spec");
  }
  ManifestWriter Writer() const { return {schema_json, spec, kSnapshot}; }

  std::shared_ptr<arrow::Schema> schema;
  Json schema_json;
  PartitionSpec spec;
};
const Table& TheTable() {
  static const Table table;
  return table;
}

Result<std::vector<ManifestEntry>> EntriesOf(std::string bytes, bool with_metrics = true) {
  std::vector<ManifestEntry> entries;
  ManifestFile row;
  row.sequence_number = 9;
  row.added_snapshot_id = kSnapshot;
  static const Pruner pruner({.years = Years{1972, 9999}});
  static const RangeColumnIds columns(*TheTable().schema);
  ARROW_RETURN_NOT_OK(DecodeManifest(std::move(bytes), row, TheTable().spec,
                                     {.pruner = &pruner, .ranges = &columns, .with_metrics = with_metrics},
                                     [&](const ManifestEntry& entry) {
                                       entries.push_back(entry);
                                       return Status::OK();
                                     }));
  return entries;
}

bool SameFile(const DataFile& a, const DataFile& b) {
  return a.path == b.path && a.partition == b.partition && a.record_count == b.record_count &&
         a.file_size == b.file_size && a.column_sizes == b.column_sizes && a.value_counts == b.value_counts &&
         a.null_value_counts == b.null_value_counts && a.nan_value_counts == b.nan_value_counts &&
         a.lower_bounds == b.lower_bounds && a.upper_bounds == b.upper_bounds &&
         a.split_offsets == b.split_offsets;
}

void CheckEntriesAgain(const std::vector<ManifestEntry>& entries) {
  auto writer = TheTable().Writer();
  for (const ManifestEntry& entry : entries) {
    const Status added = writer.Add(entry);
    Check(added.ok(), "an entry cannot be written: {}", added.ToString());
  }
  const auto again = Must(EntriesOf(Must(writer.Finish(), "writing").bytes), "reading what was written");
  Check(again.size() == entries.size(), "{} entries of {}", again.size(), entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    const ManifestEntry &a = entries[i], &b = again[i];
    Check(SameFile(a.file, b.file), "the file {} changed", a.file.path);
    Check(a.state == b.state && a.format == b.format && a.key_metadata == b.key_metadata &&
              a.sort_order_id == b.sort_order_id,
          "the entry of {} changed", a.file.path);
  }
}

void CheckListAgain(const std::vector<ManifestFile>& rows) {
  const std::string bytes = Must(EncodeManifestList(rows, {1, std::nullopt, 2}), "writing");
  const auto again = Must(DecodeManifestList(bytes), "reading what was written");
  Check(again.size() == rows.size(), "{} manifests of {}", again.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const ManifestFile &a = rows[i], &b = again[i];
    Check(a.path == b.path && a.length == b.length && a.spec_id == b.spec_id && a.content == b.content &&
              a.sequence_number == b.sequence_number && a.min_sequence_number == b.min_sequence_number &&
              a.added_snapshot_id == b.added_snapshot_id && a.added_files == b.added_files &&
              a.existing_files == b.existing_files && a.deleted_files == b.deleted_files &&
              a.added_rows == b.added_rows && a.existing_rows == b.existing_rows &&
              a.deleted_rows == b.deleted_rows && a.key_metadata == b.key_metadata,
          "the row of {} changed", a.path);
    const size_t summaries = a.partitions ? a.partitions->size() : 0;
    Check(summaries == (b.partitions ? b.partitions->size() : 0), "the summaries of {} changed", a.path);
    for (size_t k = 0; k < summaries; ++k) {
      const PartitionSummary &p = (*a.partitions)[k], &q = (*b.partitions)[k];
      Check(p.contains_null == q.contains_null && p.contains_nan == q.contains_nan && p.lower == q.lower &&
                p.upper == q.upper,
            "a summary of {} changed", a.path);
    }
  }
}

void CheckKind(const Status& status) {
  Check(status.ok() || KindOf(status) == ErrorKind::kCorrupt, "an error of another kind: {}",
        status.ToString());
}

void CheckFile(const std::string& bytes) {
  const auto entries = EntriesOf(bytes);
  CheckKind(entries.status());
  const auto without_metrics = EntriesOf(bytes, /*with_metrics=*/false);
  CheckKind(without_metrics.status());
  if (entries.ok()) CheckEntriesAgain(*entries);
  const auto rows = DecodeManifestList(bytes);
  CheckKind(rows.status());
  if (rows.ok()) CheckListAgain(*rows);
}

// A file of one plain block.
std::string FileOf(const std::string& schema, int64_t records, const std::string& block) {
  const std::string sync = "0123456789abcdef";
  std::string file("Obj\x01");
  AvroEncoder out(&file);
  out.Integer(1);
  out.Bytes("avro.schema");
  out.Bytes(schema);
  out.Integer(0);
  file += sync;
  out.Integer(records);
  out.Bytes(block);
  return file + sync;
}

std::string SchemaOf(const std::string& file) {
  return Must(AvroReader::Open(file), "our own file").metadata().at("avro.schema");
}
const std::string& ManifestSchema() {
  static const std::string schema = SchemaOf(Must(TheTable().Writer().Finish(), "writing").bytes);
  return schema;
}
const std::string& ListSchema() {
  static const std::string schema = SchemaOf(Must(EncodeManifestList({}, {}), "writing"));
  return schema;
}

template <typename Value, typename Make>
earthcatalog::iceberg::FieldMap<Value> SomeMap(FuzzedDataProvider* data, Make make) {
  earthcatalog::iceberg::FieldMap<Value> map;
  for (int n = data->ConsumeIntegralInRange(0, 3); n > 0; --n) map.Set(data->ConsumeIntegral<int>(), make());
  return map;
}

ManifestEntry SomeEntry(FuzzedDataProvider* data) {
  const auto number = [data] { return data->ConsumeIntegral<int64_t>(); };
  const auto text = [data] { return data->ConsumeRandomLengthString(20); };
  ManifestEntry entry;
  entry.state = data->ConsumeBool() ? ManifestEntry::State::kAdded : ManifestEntry::State::kExisting;
  if (data->ConsumeBool()) entry.sequence_number = number();
  if (data->ConsumeBool()) entry.key_metadata = text();
  DataFile& file = entry.file;
  file.path = "p" + text();
  if (data->ConsumeBool()) file.partition.grid_partition = text();
  if (data->ConsumeBool()) file.partition.year = data->ConsumeIntegralInRange(2, 3000);
  file.record_count = number() & INT64_MAX >> 8;
  file.file_size = number() & INT64_MAX;
  file.column_sizes = SomeMap<int64_t>(data, number);
  file.nan_value_counts = SomeMap<int64_t>(data, number);
  file.lower_bounds = SomeMap<std::string>(data, text);
  file.upper_bounds = SomeMap<std::string>(data, text);
  for (int n = data->ConsumeIntegralInRange(0, 3); n > 0; --n) file.split_offsets.push_back(number());
  return entry;
}

}  // namespace
}  // namespace earthcatalog::iceberg

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace earthcatalog::iceberg;
  FuzzedDataProvider data(bytes, size);
  const int mode = data.ConsumeIntegralInRange(0, 4);
  const int64_t records = data.ConsumeIntegralInRange(0, 3);
  switch (mode) {
    case 0:
      CheckFile(data.ConsumeRemainingBytesAsString());
      break;
    case 1:
      CheckFile(FileOf(ManifestSchema(), records, data.ConsumeRemainingBytesAsString()));
      break;
    case 2:
      CheckFile(FileOf(ListSchema(), records, data.ConsumeRemainingBytesAsString()));
      break;
    case 3: {
      const std::string schema = data.ConsumeRandomLengthString();
      CheckFile(FileOf(schema, records, data.ConsumeRemainingBytesAsString()));
      break;
    }
    default: {
      std::vector<ManifestEntry> entries;
      for (int64_t k = 0; k < records; ++k) entries.push_back(SomeEntry(&data));
      CheckEntriesAgain(entries);
    }
  }
  return 0;
}
