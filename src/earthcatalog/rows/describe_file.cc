#include "earthcatalog/rows/describe_file.h"

#include <arrow/io/memory.h>

#include <charconv>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/geoparquet/read_metrics.h"

namespace earthcatalog::rows {
namespace {

// Cuts off what is behind the last slash, and that; all where there is none.
std::string_view CutLast(std::string_view* path) {
  const size_t slash = path->rfind('/');
  const bool is_first = slash == std::string_view::npos;
  const std::string_view last = is_first ? *path : path->substr(slash + 1);
  *path = is_first ? std::string_view() : path->substr(0, slash);
  return last;
}

// Of the folder `key`=<value>.
std::optional<std::string> ValueOf(std::string_view folder, std::string_view key) {
  if (!folder.starts_with(key) || !folder.substr(key.size()).starts_with('=')) return std::nullopt;
  return PercentDecode(folder.substr(key.size() + 1), /*plus_is_space=*/false);
}

bool IsNull(std::string_view value) { return value == "null" || value == "__HIVE_DEFAULT_PARTITION__"; }
// This program's word, and that of its first versions.
bool IsUnknownYear(std::string_view value) { return value == "unknown" || value == "None" || IsNull(value); }

Result<geoparquet::FileMetrics> MetricsOf(const io::Location& table, const StoredFile& file,
                                          const arrow::Schema& schema, int64_t* size) {
  std::shared_ptr<arrow::io::RandomAccessFile> input;
  std::shared_ptr<arrow::Buffer> bytes = file.bytes;
  if (bytes == nullptr) {
    ARROW_ASSIGN_OR_RAISE(const io::Location location, table.Other(file.uri));
    ARROW_ASSIGN_OR_RAISE(input, io::OpenFile(location));
    ARROW_ASSIGN_OR_RAISE(*size, input->GetSize());
    if (*size <= kSmallFileBytes) ARROW_RETURN_NOT_OK(input->ReadAt(0, *size).Value(&bytes));
  }
  if (bytes != nullptr) {
    *size = bytes->size();
    input = std::make_shared<arrow::io::BufferReader>(bytes);
  }
  return geoparquet::ReadMetrics(input, schema);
}

}  // namespace

iceberg::DataFile DescribeFile(std::string uri, iceberg::Partition partition, int64_t file_size,
                               geoparquet::FileMetrics metrics) {
  iceberg::DataFile file;
  file.path = std::move(uri);
  file.partition = std::move(partition);
  file.record_count = metrics.record_count;
  file.file_size = file_size;
  for (auto* counts : {&file.column_sizes, &file.value_counts, &file.null_value_counts}) {
    counts->reserve(metrics.columns.size());
  }
  for (geoparquet::ColumnMetrics& column : metrics.columns) {
    file.column_sizes.Set(column.field_id, column.compressed_bytes);
    file.value_counts.Set(column.field_id, column.value_count);
    file.null_value_counts.Set(column.field_id, column.null_count);
    if (column.nan_count > 0) file.nan_value_counts.Set(column.field_id, column.nan_count);
    if (column.lower) file.lower_bounds.Set(column.field_id, *std::move(column.lower));
    if (column.upper) file.upper_bounds.Set(column.field_id, *std::move(column.upper));
  }
  if (metrics.boxes_hold) file.null_value_counts.Set(iceberg::kRowsOutsideBoxId, 0);
  file.split_offsets = std::move(metrics.split_offsets);
  return file;
}

Result<iceberg::Partition> PartitionOfPath(std::string_view uri) {
  std::string_view folders = uri;
  CutLast(&folders);  // the file's name
  const std::string_view inner = CutLast(&folders);
  const std::string_view outer = CutLast(&folders);
  const bool year_is_inner = inner.starts_with("year=");
  const auto cell = ValueOf(year_is_inner ? outer : inner, "grid_partition");
  const auto year = ValueOf(year_is_inner ? inner : outer, "year");
  iceberg::Partition partition;
  bool known = cell.has_value() && year.has_value();
  if (known && !IsNull(*cell)) partition.grid_partition = *cell;
  if (known && !IsUnknownYear(*year)) {
    int number = 0;
    const auto [end, error] = std::from_chars(year->data(), year->data() + year->size(), number);
    known = error == std::errc() && end == year->data() + year->size() && number >= -9999 && number <= 9999;
    partition.year = number - iceberg::Partition::kEpochYear;
  }
  if (known) return partition;
  return UsageError(
      "{} does not lie in a folder grid_partition=<cell>/year=<year>, so its partition is not known",
      OneLine(uri));
}

Result<iceberg::DataFile> DescribeStoredFile(const io::Location& table, const StoredFile& file,
                                             const arrow::Schema& schema,
                                             std::optional<iceberg::Partition> partition) {
  if (!partition) ARROW_RETURN_NOT_OK(PartitionOfPath(file.uri).Value(&partition.emplace()));
  int64_t size = 0;
  auto metrics = MetricsOf(table, file, schema, &size);
  if (!metrics.ok()) {
    // That it is not there, or may not be read, names it already.
    const auto kind = KindOf(metrics.status());
    const bool named = kind == ErrorKind::kNotFound || kind == ErrorKind::kUsage;
    return named ? metrics.status() : WithContext(metrics.status(), OneLine(file.uri));
  }
  return DescribeFile(file.uri, *std::move(partition), size, *std::move(metrics));
}

}  // namespace earthcatalog::rows
