#include "earthcatalog/rows/describe_file.h"

#include <arrow/io/memory.h>

#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/geoparquet/read_metrics.h"
#include "earthcatalog/rows/data_file_name.h"

namespace earthcatalog::rows {
namespace {

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
