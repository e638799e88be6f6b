#include <type_traits>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/avro_reader.h"
#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/metadata_files.h"

namespace earthcatalog::iceberg {
namespace {

using Role = PartitionField::Role;
using State = ManifestEntry::State;

constexpr int kDataFile = 2;
constexpr int kPartition = 102;
constexpr int kNullCounts = 110;
constexpr int kLowerBounds = 125;
constexpr int kUpperBounds = 128;

// For writers that leave the field ids out.
void FillIds(AvroType* entry, const PartitionSpec& spec) {
  FillFieldIds(entry, {{"status", 0},
                       {"snapshot_id", 1},
                       {"data_file", kDataFile},
                       {"sequence_number", 3},
                       {"file_sequence_number", 4}});
  AvroType* file = RecordBelow(entry, kDataFile);
  FillFieldIds(file, {{"file_path", 100},
                      {"file_format", 101},
                      {"partition", kPartition},
                      {"record_count", 103},
                      {"file_size_in_bytes", 104},
                      {"column_sizes", 108},
                      {"value_counts", 109},
                      {"null_value_counts", kNullCounts},
                      {"nan_value_counts", 137},
                      {"lower_bounds", kLowerBounds},
                      {"upper_bounds", kUpperBounds},
                      {"key_metadata", 131},
                      {"split_offsets", 132},
                      {"sort_order_id", 140}});
  AvroType* partition = RecordBelow(file, kPartition);
  for (const PartitionField& field : spec.fields) FillFieldIds(partition, {{field.name, field.id}});
}

void ReadValue(AvroDecoder& in, const AvroType& type, int64_t* value) {
  *value = in.Integer(type).value_or(0);
}
void ReadValue(AvroDecoder& in, const AvroType& type, std::string_view* value) {
  *value = in.Bytes(type).value_or(std::string_view());
}
void ReadValue(AvroDecoder& in, const AvroType& type, std::string* value) {
  *value = in.Bytes(type).value_or(std::string_view());
}

// Pairs are told apart by their order, which the specification fixes.
template <typename Value, typename Visit>
void VisitMap(AvroDecoder& in, const AvroType& type, Visit&& visit) {
  in.Array(type, [&](const AvroType& item) {
    in.Record(item, [&](const AvroType& pair) {
      int key = 0;
      Value value{};
      for (size_t i = 0; i < pair.fields.size(); ++i) {
        const AvroField& field = pair.fields[i];
        if (i == 0) {
          key = static_cast<int>(in.Integer(field.type).value_or(0));
        } else if (i == 1) {
          ReadValue(in, field.type, &value);
        } else {
          in.Skip(field.type);
        }
      }
      visit(key, std::move(value));
    });
  });
}

template <typename Value>
void DecodeMap(AvroDecoder& in, const AvroType& type, FieldMap<Value>* map) {
  std::vector<std::pair<int, Value>> entries;
  VisitMap<Value>(in, type, [&](int key, Value value) { entries.emplace_back(key, std::move(value)); });
  *map = FieldMap<Value>(std::move(entries));
}

// One value of a map that has a part in the ranges.
void AddToRange(RangeColumn column, int map_id, std::string_view bound, ColumnRanges* ranges) {
  map_id == kLowerBounds ? ranges->SetLower(column, bound) : ranges->SetUpper(column, bound);
}
void AddToRange(RangeColumn column, int /*map_id*/, int64_t null_count, ColumnRanges* ranges) {
  ranges->SetNulls(column, /*has_value=*/true, null_count != 0);
}

template <typename Value>
void AddToRanges(int key, int map_id, const Value& value, const RangeColumnIds& ids, ColumnRanges* ranges) {
  if constexpr (std::is_same_v<Value, int64_t>) {
    if (key == kRowsOutsideBoxId) ranges->bbox.trusted = value == 0;
  }
  if (const auto column = ids.Find(key)) AddToRange(*column, map_id, value, ranges);
}

// Without making the map.
template <typename Value>
void DecodeRanges(AvroDecoder& in, const AvroField& field, const RangeColumnIds& ids, ColumnRanges* ranges) {
  VisitMap<Value>(in, field.type,
                  [&](int key, const Value& value) { AddToRanges(key, field.id, value, ids, ranges); });
}

template <typename Value>
void AddToRanges(const FieldMap<Value>& map, int map_id, const RangeColumnIds& ids, ColumnRanges* ranges) {
  for (const auto& [key, value] : map) {
    AddToRanges(key, map_id, value, ids, ranges);
  }
}

Partition DecodePartition(AvroDecoder& in, const AvroType& type, const PartitionSpec& spec) {
  Partition partition;
  const auto role_of = [&spec](int id) {
    for (const PartitionField& field : spec.fields) {
      if (field.id == id) return field.role;
    }
    return Role::kOther;
  };
  in.Record(type, [&](const AvroType& record) {
    for (const AvroField& field : record.fields) {
      switch (role_of(field.id)) {
        case Role::kCell:
          partition.grid_partition = in.Bytes(field.type);
          break;
        case Role::kYear:
          partition.year = in.Integer(field.type);
          break;
        case Role::kOther:
          in.Skip(field.type);
      }
    }
  });
  return partition;
}

// One of the maps by column.
bool IsMetric(int id) {
  return id == 108 || id == 109 || id == kNullCounts || id == kLowerBounds || id == kUpperBounds || id == 137;
}

void DecodeFileField(AvroDecoder& in, const AvroField& field, ManifestEntry* entry) {
  DataFile& file = entry->file;
  switch (field.id) {
    case 100:
      return ReadValue(in, field.type, &file.path);
    case 101:
      return ReadValue(in, field.type, &entry->format);
    case 103:
      return ReadValue(in, field.type, &file.record_count);
    case 104:
      return ReadValue(in, field.type, &file.file_size);
    case 108:
      return DecodeMap(in, field.type, &file.column_sizes);
    case 109:
      return DecodeMap(in, field.type, &file.value_counts);
    case kNullCounts:
      return DecodeMap(in, field.type, &file.null_value_counts);
    case 137:
      return DecodeMap(in, field.type, &file.nan_value_counts);
    case kLowerBounds:
      return DecodeMap(in, field.type, &file.lower_bounds);
    case kUpperBounds:
      return DecodeMap(in, field.type, &file.upper_bounds);
    case 131:
      entry->key_metadata = in.Bytes(field.type);
      return;
    case 132:
      return in.Array(field.type, [&](const AvroType& item) {
        file.split_offsets.push_back(in.Integer(item).value_or(0));
      });
    case 140:
      entry->sort_order_id = in.Integer(field.type);
      return;
    default:
      in.Skip(field.type);
  }
}

class EntryReader {
 public:
  EntryReader(const ManifestFile& row, const PartitionSpec& spec, const EntryFilter& filter)
      : row_(row), spec_(spec), filter_(filter) {}

  // The next entry, or nothing when it is not live or not wanted.
  Result<std::optional<ManifestEntry>> Read(AvroDecoder& in, const AvroType& record) {
    ManifestEntry entry;
    bool wanted = true;
    for (const AvroField& field : record.fields) {
      switch (field.id) {
        case 0: {
          ARROW_ASSIGN_OR_RAISE(entry.state, StateOf(in.Integer(field.type)));
          wanted = wanted && (filter_.deleted || entry.state != State::kDeleted);
          break;
        }
        case 1:
          entry.snapshot_id = in.Integer(field.type);
          break;
        case 3:
          entry.sequence_number = in.Integer(field.type);
          break;
        case 4:
          entry.file_sequence_number = in.Integer(field.type);
          break;
        case kDataFile: {
          const std::string_view file = in.rest();
          wanted = ReadFile(in, field.type, wanted, &entry) && wanted;
          if (filter_.to_copy) entry.encoded_file = file.substr(0, file.size() - in.remaining());
          break;
        }
        default:
          in.Skip(field.type);
      }
    }
    if (!wanted || !in.ok()) return std::nullopt;
    if (entry.file.path.empty() || !IsCount(entry.file.record_count) || !IsCount(entry.file.file_size)) {
      return CorruptError("an entry has no path or a size that cannot be");
    }
    Inherit(&entry);
    return entry;
  }

 private:
  // So sums over a manifest stay in range, too.
  static bool IsCount(int64_t number) { return 0 <= number && number <= int64_t{1} << 50; }

  static Result<State> StateOf(const std::optional<int64_t>& status) {
    if (!status || *status < 0 || *status > 2) return CorruptError("an entry has an unknown status");
    return static_cast<State>(*status);
  }

  // False when the file is not wanted.
  bool ReadFile(AvroDecoder& in, const AvroType& type, bool wanted, ManifestEntry* entry) const {
    const Pruner* pruner = filter_.pruner;
    in.Record(type, [&](const AvroType& record) {
      for (const AvroField& field : record.fields) {
        if (!wanted) {
          in.Skip(field.type);
        } else if (field.id == kPartition) {
          entry->file.partition = DecodePartition(in, field.type, spec_);
          wanted = pruner == nullptr || pruner->MayHold(entry->file.partition, spec_);
        } else if (!filter_.with_metrics && IsMetric(field.id)) {
          ReadRanges(in, field, &entry->ranges);
        } else {
          DecodeFileField(in, field, entry);
        }
      }
    });
    if (!wanted) return false;
    if (filter_.with_metrics && filter_.ranges != nullptr) {
      AddToRanges(entry->file.null_value_counts, kNullCounts, *filter_.ranges, &entry->ranges);
      AddToRanges(entry->file.lower_bounds, kLowerBounds, *filter_.ranges, &entry->ranges);
      AddToRanges(entry->file.upper_bounds, kUpperBounds, *filter_.ranges, &entry->ranges);
    }
    return pruner == nullptr || pruner->MayHold(entry->ranges, entry->file.partition, spec_);
  }

  void ReadRanges(AvroDecoder& in, const AvroField& field, ColumnRanges* ranges) const {
    const RangeColumnIds* ids = filter_.ranges;
    if (ids != nullptr && field.id == kNullCounts) return DecodeRanges<int64_t>(in, field, *ids, ranges);
    if (ids != nullptr && (field.id == kLowerBounds || field.id == kUpperBounds)) {
      return DecodeRanges<std::string_view>(in, field, *ids, ranges);
    }
    in.Skip(field.type);
  }

  // Entries leave out what their manifest's row says for all of them: always so in the commit that wrote it.
  void Inherit(ManifestEntry* entry) const {
    if (!entry->snapshot_id) entry->snapshot_id = row_.added_snapshot_id;
    const bool inherits = entry->state == State::kAdded || row_.sequence_number == 0;
    if (!entry->sequence_number && inherits) entry->sequence_number = row_.sequence_number;
    if (!entry->file_sequence_number && inherits) entry->file_sequence_number = row_.sequence_number;
    entry->file.sequence_number = entry->sequence_number.value_or(0);
  }

  const ManifestFile& row_;
  const PartitionSpec& spec_;
  const EntryFilter& filter_;
};

}  // namespace

Status DecodeManifest(std::string bytes, const ManifestFile& row, const PartitionSpec& spec,
                      const EntryFilter& filter, const std::function<Status(ManifestEntry&)>& visit) {
  ARROW_ASSIGN_OR_RAISE(AvroReader reader, AvroReader::Open(std::move(bytes)));
  FillIds(reader.schema(), spec);
  EntryFilter own_filter = filter;
  own_filter.to_copy = filter.to_copy && reader.metadata().at("avro.schema") == EntrySchemaText(spec);
  own_filter.with_metrics = filter.with_metrics && !own_filter.to_copy;
  EntryReader entries(row, spec, own_filter);
  return reader.ForEachRecord([&](AvroDecoder& in) {
    ARROW_ASSIGN_OR_RAISE(auto entry, entries.Read(in, *reader.schema()));
    return entry ? visit(*entry) : Status::OK();
  });
}

Status ReadManifest(const ManifestFile& row, const PartitionSpec& spec, const io::S3Settings& s3,
                    const EntryFilter& filter, const std::function<Status(ManifestEntry&)>& visit) {
  ARROW_ASSIGN_OR_RAISE(std::string bytes, ReadTableFile(row.path, s3));
  return WithContext(DecodeManifest(std::move(bytes), row, spec, filter, visit), row.path);
}

}  // namespace earthcatalog::iceberg
