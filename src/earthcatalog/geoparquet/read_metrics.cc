#include "earthcatalog/geoparquet/read_metrics.h"

#include <parquet/column_reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/size_statistics.h>
#include <parquet/statistics.h>

#include <cmath>
#include <limits>
#include <optional>
#include <type_traits>
#include <vector>

#include "earthcatalog/geoparquet/column_statistics.h"
#include "earthcatalog/geoparquet/file_leaves.h"
#include "earthcatalog/geoparquet/geo_metadata.h"
#include "earthcatalog/geoparquet/large_file.h"

namespace earthcatalog::geoparquet {
namespace {

using parquet::ColumnChunkMetaData;
using TimeUnit = parquet::LogicalType::TimeUnit;

constexpr int64_t kBatchEntries = 1024;
constexpr int64_t kReadBytes = 1 << 20;

// Adds values of a file's column as the table's type has them.
class Values {
 public:
  Values(const FileLeaf& leaf, ColumnStatistics* statistics) : leaf_(leaf), statistics_(statistics) {}

  void Add(bool value) { statistics_->AddInteger(value); }
  void Add(int32_t value) {
    statistics_->AddInteger(leaf_.is_unsigned ? int64_t{static_cast<uint32_t>(value)} : value);
  }
  void Add(int64_t value) {
    if (leaf_.unit == TimeUnit::MILLIS) {
      int64_t micros = 0;
      const bool too_far = __builtin_mul_overflow(value, 1000, &micros);
      const auto end = value < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
      statistics_->AddInteger(too_far ? end : micros);
    } else if (leaf_.unit == TimeUnit::NANOS) {
      AddNanoseconds(value / 1000, value % 1000);
    } else {
      statistics_->AddInteger(value);
    }
  }
  void Add(const parquet::Int96& value) {
    AddNanoseconds(parquet::Int96GetMicroSeconds(value),
                   (value.value[0] | uint64_t{value.value[1]} << 32) % 1000);
  }
  void Add(float value) { statistics_->AddReal(static_cast<double>(value)); }
  void Add(double value) { statistics_->AddReal(value); }
  void Add(const parquet::ByteArray& value) { statistics_->AddText(std::string_view(value)); }
  void Add(const parquet::FixedLenByteArray&) {}  // has no bounds

 private:
  // Both ends of the microsecond that the instant is in.
  void AddNanoseconds(int64_t micros, int64_t rest) {
    statistics_->AddInteger(rest < 0 ? micros - 1 : micros);
    if (rest != 0) statistics_->AddInteger(rest < 0 ? micros : micros + 1);
  }

  const FileLeaf& leaf_;
  ColumnStatistics* const statistics_;
};

// Calls `body` with the type of the column's values.
template <typename Body>
auto WithPhysicalType(parquet::Type::type type, const Body& body) {
  switch (type) {
    case parquet::Type::BOOLEAN:
      return body(parquet::BooleanType{});
    case parquet::Type::INT32:
      return body(parquet::Int32Type{});
    case parquet::Type::INT64:
      return body(parquet::Int64Type{});
    case parquet::Type::INT96:
      return body(parquet::Int96Type{});
    case parquet::Type::FLOAT:
      return body(parquet::FloatType{});
    case parquet::Type::DOUBLE:
      return body(parquet::DoubleType{});
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      return body(parquet::FLBAType{});
    default:
      return body(parquet::ByteArrayType{});
  }
}

template <typename T>
bool IsNumber(const T& value) {
  if constexpr (std::is_floating_point_v<T>) return !std::isnan(value);
  return true;
}

std::optional<int64_t> NullsOf(const ColumnChunkMetaData& chunk, const FileLeaf& leaf,
                               const parquet::Statistics* statistics) {
  const int64_t entries = chunk.num_values();
  if (leaf.leaf.max_definition == 0) return 0;
  if (statistics != nullptr && statistics->HasNullCount() && statistics->null_count() >= 0 &&
      statistics->null_count() <= entries) {
    return statistics->null_count();
  }
  const auto sizes = chunk.size_statistics();
  if (sizes == nullptr || sizes->definition_level_histogram.empty()) return std::nullopt;
  const std::vector<int64_t>& levels = sizes->definition_level_histogram;
  const bool fits = levels.size() == static_cast<size_t>(leaf.leaf.max_definition) + 1;
  return fits && levels.back() >= 0 && levels.back() <= entries ? std::optional(entries - levels.back())
                                                                : std::nullopt;
}

// Whether the footer says all that is to be known of the chunk; if not, adds nothing.
bool AddFromFooter(const ColumnChunkMetaData& chunk, const FileLeaf& leaf, ColumnStatistics* statistics) {
  const auto footer = chunk.statistics();
  const std::optional<int64_t> nulls = NullsOf(chunk, leaf, footer.get());
  if (!nulls) return false;
  if (leaf.leaf.bounded && *nulls < chunk.num_values()) {
    if (footer == nullptr || !footer->HasMinMax()) return false;
    const bool usable = WithPhysicalType(chunk.type(), [&]<typename ParquetType>(ParquetType) {
      const auto& typed = static_cast<const parquet::TypedStatistics<ParquetType>&>(*footer);
      if (!IsNumber(typed.min()) || !IsNumber(typed.max())) return false;
      Values values(leaf, statistics);
      values.Add(typed.min());
      values.Add(typed.max());
      return true;
    });
    if (!usable) return false;
  }
  statistics->AddNulls(*nulls);
  return true;
}

// Counts what the chunk's pages hold.
Status AddFromValues(parquet::ColumnReader* reader, int64_t rows, const FileLeaf& leaf,
                     ColumnStatistics* statistics) {
  const auto type = leaf.leaf.type->id();
  const bool wanted = leaf.leaf.bounded || type == arrow::Type::FLOAT || type == arrow::Type::DOUBLE;
  return WithPhysicalType(reader->type(), [&]<typename ParquetType>(ParquetType) -> Status {
    using T = typename ParquetType::c_type;
    auto* const typed = static_cast<parquet::TypedColumnReader<ParquetType>*>(reader);
    const auto batch = std::make_unique<T[]>(kBatchEntries);
    std::vector<int16_t> levels(kBatchEntries);
    Values values(leaf, statistics);
    int64_t seen = 0;
    while (typed->HasNext()) {
      int64_t present = 0;
      const int64_t entries = typed->ReadBatch(kBatchEntries, levels.data(), nullptr, batch.get(), &present);
      if (entries <= 0) break;
      seen += entries;
      statistics->AddNulls(entries - present);
      for (int64_t i = 0; wanted && i < present; ++i) values.Add(batch[static_cast<size_t>(i)]);
    }
    if (seen == rows) return Status::OK();
    return CorruptError("its column {} has {} values in a row group of {} rows", leaf.leaf.path, seen, rows);
  });
}

// Nothing when the footer does not tell and no value is to be read.
Result<std::optional<ColumnStatistics>> StatisticsOf(parquet::ParquetFileReader* file, const FileLeaf& leaf,
                                                     bool footer_alone) {
  ColumnStatistics statistics(&leaf.leaf);
  for (int g = 0; g < file->metadata()->num_row_groups(); ++g) {
    const auto group = file->metadata()->RowGroup(g);
    const auto chunk = group->ColumnChunk(leaf.column);
    if (chunk->num_values() != group->num_rows()) {
      return CorruptError("its footer says that column {} has {} values in {} rows", leaf.leaf.path,
                          chunk->num_values(), group->num_rows());
    }
    if (AddFromFooter(*chunk, leaf, &statistics)) continue;
    if (footer_alone) return std::nullopt;
    const auto reader = file->RowGroup(g)->Column(leaf.column);
    ARROW_RETURN_NOT_OK(AddFromValues(reader.get(), group->num_rows(), leaf, &statistics));
  }
  return statistics;
}

Status CheckRows(const parquet::FileMetaData& footer) {
  int64_t rows = 0;
  for (int g = 0; g < footer.num_row_groups(); ++g) {
    const int64_t more = footer.RowGroup(g)->num_rows();
    if (more < 0 || __builtin_add_overflow(rows, more, &rows))
      return CorruptError("its row groups have impossible sizes");
  }
  if (rows == footer.num_rows()) return Status::OK();
  return CorruptError("its footer says {} rows, its row groups have {}", footer.num_rows(), rows);
}

Result<FileMetrics> ReadAll(const std::shared_ptr<arrow::io::RandomAccessFile>& file,
                            const arrow::Schema& table, bool footer_alone) {
  parquet::ReaderProperties properties;
  properties.enable_buffered_stream();
  properties.set_buffer_size(kReadBytes);
  const auto reader = parquet::ParquetFileReader::Open(file, properties);
  const parquet::FileMetaData& footer = *reader->metadata();
  ARROW_RETURN_NOT_OK(CheckRows(footer));
  ARROW_ASSIGN_OR_RAISE(const std::vector<FileLeaf> leaves, MatchLeaves(*footer.schema(), table));
  FileBody body = BodyOf(footer);
  FileMetrics metrics{.record_count = footer.num_rows(),
                      .columns = {},
                      .split_offsets = std::move(body.split_offsets),
                      .boxes_hold = BoxesHold(footer)};
  metrics.columns.reserve(leaves.size());
  for (const FileLeaf& leaf : leaves) {
    ARROW_ASSIGN_OR_RAISE(const auto statistics, StatisticsOf(reader.get(), leaf, footer_alone));
    if (!statistics) continue;
    auto [lower, upper] = BoundsOf(*statistics, *leaf.leaf.type);
    metrics.columns.push_back({leaf.leaf.field_id, body.column_bytes[static_cast<size_t>(leaf.column)],
                               footer.num_rows(), statistics->null_count(), statistics->nan_count(),
                               std::move(lower), std::move(upper)});
  }
  return metrics;
}

}  // namespace

Result<FileMetrics> ReadMetrics(const std::shared_ptr<arrow::io::RandomAccessFile>& file,
                                const arrow::Schema& table, bool footer_alone) {
  return CatchExceptions([&]() -> Result<FileMetrics> {
    try {
      return ReadAll(file, table, footer_alone);
    } catch (const parquet::ParquetStatusException& error) {
      const Status status = error.status();
      return status.IsInvalid() ? CorruptError("{}", status.message()) : status;
    } catch (const parquet::ParquetException& error) {
      return CorruptError("{}", error.what());
    }
  });
}

}  // namespace earthcatalog::geoparquet
