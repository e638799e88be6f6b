#include "earthcatalog/maintain/stored_file.h"

#include <arrow/array.h>
#include <arrow/io/memory.h>

#include <cstring>
#include <set>
#include <utility>
#include <variant>

#include "earthcatalog/base/field_id.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/geoparquet/column_statistics.h"
#include "earthcatalog/geoparquet/read_metrics.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/rows/describe_file.h"

namespace earthcatalog::maintain {
namespace {

using arrow::Type;

constexpr int kRequests = 16;
constexpr int kBoundCodePoints = 16;  // what manifests keep of texts

// A bound as something to compare. Nothing when it is no value of the type.
using Value = std::variant<int64_t, double, std::string>;

template <typename T>
std::optional<T> Decoded(const std::string& bytes) {
  if (bytes.size() != sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// Entries that are older than the column's type have narrower bounds.
std::optional<Value> ValueOf(const std::string& bytes, const arrow::DataType& type) {
  const auto as = [](const auto& value) { return value ? std::optional<Value>(*value) : std::nullopt; };
  switch (type.id()) {
    case Type::STRING:
    case Type::BINARY:
      return Value(bytes);
    case Type::FLOAT:
    case Type::DOUBLE:
      if (const auto narrow = Decoded<float>(bytes)) return Value(static_cast<double>(*narrow));
      return as(Decoded<double>(bytes));
    case Type::BOOL:
      if (const auto value = Decoded<uint8_t>(bytes)) return Value(int64_t{*value});
      return std::nullopt;
    default:
      if (const auto narrow = Decoded<int32_t>(bytes)) return Value(int64_t{*narrow});
      return as(Decoded<int64_t>(bytes));
  }
}

std::string TextOf(const Value& value, const arrow::DataType& type) {
  if (const auto* text = std::get_if<std::string>(&value)) return "'" + OneLine(*text, 60) + "'";
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  const int64_t whole = std::get<int64_t>(value);
  return type.id() == Type::TIMESTAMP ? FormatRfc3339(whole) : fmt::format("{}", whole);
}

const std::string* Find(const iceberg::FieldMap<std::string>& bounds, int id) {
  const auto found = bounds.find(id);
  return found == bounds.end() ? nullptr : &found->second;
}

// The entry's bound as this program would have cut it: writers keep more or less of a text.
std::optional<std::string> Cut(const std::string& bound, bool lower, const arrow::DataType& type) {
  if (type.id() != Type::STRING) return bound;
  return lower ? geoparquet::TruncateLower(bound, kBoundCodePoints)
               : geoparquet::TruncateUpper(bound, kBoundCodePoints);
}

std::optional<Difference> DifferentBound(const iceberg::DataFile& entry, const iceberg::DataFile& file,
                                         bool lower, const Leaves& leaves) {
  const auto& said = lower ? entry.lower_bounds : entry.upper_bounds;
  for (const auto& [id, bytes] : lower ? file.lower_bounds : file.upper_bounds) {
    const Leaves::Leaf* const leaf = leaves.Find(id);
    const std::string* const bound = Find(said, id);
    if (leaf == nullptr || bound == nullptr) continue;
    const auto cut = Cut(*bound, lower, *leaf->type);
    if (!cut) continue;
    const auto claimed = ValueOf(*cut, *leaf->type), found = ValueOf(bytes, *leaf->type);
    if (claimed && found && (lower ? *claimed <= *found : *claimed >= *found)) continue;
    return Difference{"bounds", fmt::format("has values of {} {} {}, which the table says is the {}",
                                            OneLine(leaf->path), lower ? "below" : "above",
                                            claimed ? TextOf(*claimed, *leaf->type) : "bytes of another type",
                                            lower ? "least" : "greatest")};
  }
  return std::nullopt;
}

std::optional<Difference> DifferentNulls(const iceberg::DataFile& entry, const iceberg::DataFile& file,
                                         const Leaves& leaves) {
  for (const auto& [id, nulls] : file.null_value_counts) {
    const auto said = entry.null_value_counts.find(id);
    const Leaves::Leaf* const leaf = leaves.Find(id);
    if (leaf == nullptr || said == entry.null_value_counts.end() || said->second == nulls) continue;
    return Difference{"counts", fmt::format("has {} rows without {}, the table says {}", nulls,
                                            OneLine(leaf->path), said->second)};
  }
  return std::nullopt;
}

// Up to two of the values of the file's column.
Result<std::set<std::string>> CellsOf(const io::Location& warehouse, const rows::StoredFile& stored) {
  const std::string name(item::kGridPartition);
  ARROW_ASSIGN_OR_RAISE(auto reader, rows::DataFileReader::Open(warehouse, stored, {name}));
  std::set<std::string> cells;
  while (cells.size() < 2) {
    ARROW_ASSIGN_OR_RAISE(const auto found, reader.Next());
    if (found.rows == nullptr) break;
    const auto column = std::dynamic_pointer_cast<arrow::StringArray>(found.rows->GetColumnByName(name));
    for (int64_t row = 0; column != nullptr && row < column->length(); ++row) {
      if (column->IsValid(row)) cells.insert(column->GetString(row));
    }
  }
  return cells;
}

Result<std::optional<int32_t>> YearOfRows(const iceberg::DataFile& file, int datetime) {
  const std::string *lower = Find(file.lower_bounds, datetime), *upper = Find(file.upper_bounds, datetime);
  if (lower == nullptr || upper == nullptr) return std::nullopt;  // all are null, or there is no column
  const auto first = Decoded<int64_t>(*lower), last = Decoded<int64_t>(*upper);
  if (!first || !last) return CorruptError("its column datetime has no instants");
  if (YearOf(*first) != YearOf(*last)) {
    return CorruptError("its rows are of the years {} to {}: a file has those of one year", YearOf(*first),
                        YearOf(*last));
  }
  const auto nulls = file.null_value_counts.find(datetime);
  if (nulls != file.null_value_counts.end() && nulls->second > 0) {
    return CorruptError(
        "{} of its {} rows have no datetime, the others are of {}: a file has those of one year",
        nulls->second, file.record_count, YearOf(*first));
  }
  return YearOf(*first) - iceberg::Partition::kEpochYear;
}

}  // namespace

int FilesAtOnce(const io::Location& warehouse) { return warehouse.local ? CoreCount() : kRequests; }

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenStoredFile(const io::Location& warehouse,
                                                                    rows::StoredFile* file) {
  ARROW_ASSIGN_OR_RAISE(const io::Location location, warehouse.Other(file->uri));
  ARROW_ASSIGN_OR_RAISE(auto opened, io::OpenFile(location));
  ARROW_ASSIGN_OR_RAISE(file->size, opened->GetSize());
  if (file->size > rows::kSmallFileBytes) return opened;
  ARROW_ASSIGN_OR_RAISE(file->bytes, opened->ReadAt(0, file->size));
  return std::make_shared<arrow::io::BufferReader>(file->bytes);
}

Result<iceberg::DataFile> DescribeByFooter(const std::shared_ptr<arrow::io::RandomAccessFile>& input,
                                           const rows::StoredFile& stored, const arrow::Schema& table,
                                           const iceberg::Partition& partition) {
  ARROW_ASSIGN_OR_RAISE(auto metrics, geoparquet::ReadMetrics(input, table, /*footer_alone=*/true));
  return rows::DescribeFile(stored.uri, partition, stored.size, std::move(metrics));
}

const Leaves::Leaf* Leaves::Find(int field_id) const {
  const auto found = leaves_.find(field_id);
  return found == leaves_.end() ? nullptr : &found->second;
}

int Leaves::IdOf(const std::string& path) const {
  const auto found = ids_.find(path);
  return found == ids_.end() ? -1 : found->second;
}

void Leaves::Add(const arrow::FieldVector& fields, const std::string& path) {
  for (const auto& field : fields) {
    const auto id = FieldIdOf(*field);
    const std::string name = path + field->name();
    if (field->type()->id() == Type::STRUCT) {
      Add(field->type()->fields(), name + ".");
    } else if (id.ok() && field->type()->num_fields() == 0) {
      leaves_[*id] = {name, field->type()};
      ids_[name] = *id;
    }
  }
}

std::optional<Difference> FindDifference(const iceberg::DataFile& entry, const iceberg::DataFile& file,
                                         const Leaves& leaves) {
  if (entry.file_size != file.file_size) {
    return Difference{"size",
                      fmt::format("has {} bytes, the table says {}", file.file_size, entry.file_size)};
  }
  if (entry.record_count != file.record_count) {
    return Difference{"rows",
                      fmt::format("has {} rows, the table says {}", file.record_count, entry.record_count)};
  }
  if (auto nulls = DifferentNulls(entry, file, leaves)) return nulls;
  if (auto bound = DifferentBound(entry, file, /*lower=*/true, leaves)) return bound;
  if (auto bound = DifferentBound(entry, file, /*lower=*/false, leaves)) return bound;
  if (!iceberg::BoxesHold(entry) || iceberg::BoxesHold(file)) return std::nullopt;
  return Difference{"boxes", "does not say that its boxes hold its geometries, the table does"};
}

Result<RowPartition> PartitionOfRows(const io::Location& warehouse, const rows::StoredFile& stored,
                                     const iceberg::DataFile& file, const Leaves& leaves, bool complete) {
  RowPartition rows;
  const int cell = leaves.IdOf(std::string(item::kGridPartition));
  const std::string *lower = Find(file.lower_bounds, cell), *upper = Find(file.upper_bounds, cell);
  if (lower != nullptr && upper != nullptr && *lower == *upper) {
    rows.cell = *lower;
  } else if (lower != nullptr) {  // several cells, or a name that is longer than a bound
    ARROW_ASSIGN_OR_RAISE(const std::set<std::string> cells, CellsOf(warehouse, stored));
    if (cells.size() > 1) {
      return CorruptError("its rows are in the cells '{}' and '{}': a file has those of one cell",
                          OneLine(*cells.begin()), OneLine(*cells.rbegin()));
    }
    if (!cells.empty()) rows.cell = *cells.begin();
  }
  const int datetime = leaves.IdOf("datetime");
  const bool known = complete || file.null_value_counts.find(datetime) != file.null_value_counts.end();
  if (known && file.record_count > 0) {
    ARROW_ASSIGN_OR_RAISE(rows.year, YearOfRows(file, datetime));
  }
  return rows;
}

std::string NameOf(const iceberg::Partition& partition) {
  const auto year = partition.calendar_year();
  return fmt::format("grid_partition={}/year={}", OneLine(partition.grid_partition.value_or("null")),
                     year ? std::to_string(*year) : "unknown");
}

}  // namespace earthcatalog::maintain
