#include "earthcatalog/rows/row_ranges.h"

#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/page_index.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "earthcatalog/geoparquet/geo_metadata.h"

namespace earthcatalog::rows {
namespace {

using iceberg::ColumnRanges;
using iceberg::RangeColumn;
using TimeUnit = parquet::LogicalType::TimeUnit;

// A column of the file that the ranges have a place for.
struct Leaf {
  int index;
  RangeColumn column;
  TimeUnit::unit unit = TimeUnit::MICROS;  // of an instant

  void SetLower(const std::string& bytes, ColumnRanges* ranges) const {
    if (const auto bound = InMicros(bytes, /*round_up=*/false)) ranges->SetLower(column, *bound);
  }
  void SetUpper(const std::string& bytes, ColumnRanges* ranges) const {
    if (const auto bound = InMicros(bytes, /*round_up=*/true)) ranges->SetUpper(column, *bound);
  }

 private:
  std::optional<std::string> InMicros(const std::string& bytes, bool round_up) const {
    if (unit == TimeUnit::MICROS) return bytes;
    int64_t value = 0;
    if (bytes.size() != sizeof(value)) return std::nullopt;
    std::memcpy(&value, bytes.data(), sizeof(value));
    if (unit == TimeUnit::MILLIS) {
      if (__builtin_mul_overflow(value, 1000, &value)) return std::nullopt;
    } else {
      value = value / 1000 + (round_up ? 1 : -1);
    }
    return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
  }
};

std::optional<Leaf> LeafOf(const parquet::SchemaDescriptor& schema, int index) {
  const parquet::ColumnDescriptor& descriptor = *schema.Column(index);
  const auto column =
      iceberg::FindRangeColumn(schema.GetColumnRoot(index)->name(), descriptor.path()->ToDotString());
  if (!column || descriptor.max_repetition_level() > 0) return std::nullopt;
  const auto type = descriptor.physical_type();
  const auto& logical = descriptor.logical_type();
  switch (*column) {
    case RangeColumn::kId:
      if (type == parquet::Type::BYTE_ARRAY && logical->is_string()) return Leaf{index, *column};
      return std::nullopt;
    case RangeColumn::kDatetime:
    case RangeColumn::kStart:
    case RangeColumn::kEnd:
      if (type != parquet::Type::INT64 || !logical->is_timestamp()) return std::nullopt;
      return Leaf{index, *column, static_cast<const parquet::TimestampLogicalType&>(*logical).time_unit()};
    default:
      if (type != parquet::Type::DOUBLE && type != parquet::Type::FLOAT) return std::nullopt;
      return Leaf{index, *column};
  }
}

std::vector<Leaf> LeavesOf(const parquet::SchemaDescriptor& schema) {
  std::vector<Leaf> leaves;
  for (int i = 0; i < schema.num_columns(); ++i) {
    if (const auto leaf = LeafOf(schema, i)) leaves.push_back(*leaf);
  }
  return leaves;
}

ColumnRanges RangesOf(const parquet::RowGroupMetaData& group, const std::vector<Leaf>& leaves) {
  ColumnRanges ranges;
  for (const Leaf& leaf : leaves) {
    const auto chunk = group.ColumnChunk(leaf.index);
    const auto statistics = chunk->is_stats_set() ? chunk->statistics() : nullptr;
    if (statistics == nullptr) continue;
    if (statistics->HasMinMax()) {
      leaf.SetLower(statistics->EncodeMin(), &ranges);
      leaf.SetUpper(statistics->EncodeMax(), &ranges);
    }
    if (statistics->HasNullCount()) {
      const int64_t nulls = statistics->null_count();
      ranges.SetNulls(leaf.column, /*has_value=*/nulls < group.num_rows(), /*has_null=*/nulls != 0);
    }
  }
  return ranges;
}

// The pages of one column in a row group.
class Pages {
 public:
  // Nothing when the file does not say where they begin, or what is in them.
  static std::optional<Pages> Of(parquet::RowGroupPageIndexReader* group, const Leaf& leaf) {
    Pages pages(leaf, group->GetColumnIndex(leaf.index));
    const auto offsets = group->GetOffsetIndex(leaf.index);
    if (pages.index_ == nullptr || offsets == nullptr) return std::nullopt;
    for (const parquet::PageLocation& page : offsets->page_locations()) {
      pages.starts_.push_back(page.first_row_index);
    }
    const bool ascending = std::is_sorted(pages.starts_.begin(), pages.starts_.end());
    const bool whole = pages.starts_.size() == pages.index_->null_pages().size();
    if (pages.starts_.empty() || pages.starts_[0] != 0 || !ascending || !whole) return std::nullopt;
    return pages;
  }

  const std::vector<int64_t>& starts() const { return starts_; }

  // What the page with the row says.
  void Narrow(int64_t row, ColumnRanges* ranges) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), row);
    const auto page = static_cast<size_t>(after - starts_.begin()) - 1;
    if (index_->null_pages()[page]) {
      return ranges->SetNulls(leaf_.column, /*has_value=*/false, /*has_null=*/true);
    }
    leaf_.SetLower(index_->encoded_min_values()[page], ranges);
    leaf_.SetUpper(index_->encoded_max_values()[page], ranges);
    if (index_->has_null_counts()) {
      ranges->SetNulls(leaf_.column, /*has_value=*/true, index_->null_counts()[page] != 0);
    }
  }

 private:
  Pages(const Leaf& leaf, std::shared_ptr<parquet::ColumnIndex> index)
      : leaf_(leaf), index_(std::move(index)) {}

  Leaf leaf_;
  std::shared_ptr<parquet::ColumnIndex> index_;
  std::vector<int64_t> starts_;
};

std::vector<Pages> PagesOf(parquet::PageIndexReader* index, int group, const std::vector<Leaf>& leaves) {
  std::vector<int32_t> columns;
  for (const Leaf& leaf : leaves) columns.push_back(leaf.index);
  index->WillNeed({group}, columns, {.column_index = true, .offset_index = true});
  std::vector<Pages> pages;
  const auto reader = index->RowGroup(group);
  for (const Leaf& leaf : leaves) {
    if (reader == nullptr) break;
    if (auto of_leaf = Pages::Of(reader.get(), leaf)) pages.push_back(*std::move(of_leaf));
  }
  index->WillNotNeed({group});
  return pages;
}

void AddRows(int64_t begin, int64_t end, std::vector<RowRange>* rows) {
  if (begin >= end) return;
  if (!rows->empty() && rows->back().end == begin) {
    rows->back().end = end;
  } else {
    rows->push_back({begin, end});
  }
}

// Columns have pages of their own, so the rows are taken from one beginning of any of them to the next.
void AddRowsOfPages(const std::vector<Pages>& pages, const ColumnRanges& of_group, int64_t first,
                    int64_t count, const iceberg::Pruner& pruner, std::vector<RowRange>* rows) {
  std::set<int64_t> starts = {0};
  for (const Pages& of_column : pages) starts.insert(of_column.starts().begin(), of_column.starts().end());
  for (auto start = starts.begin(); start != starts.end(); ++start) {
    const auto next = std::next(start);
    ColumnRanges ranges = of_group;
    for (const Pages& of_column : pages) of_column.Narrow(*start, &ranges);
    if (!pruner.MayHold(ranges)) continue;
    AddRows(first + *start, first + std::min(next == starts.end() ? count : *next, count), rows);
  }
}

}  // namespace

Result<std::vector<RowRange>> RowsThatMayMatch(parquet::ParquetFileReader* file,
                                               const iceberg::Pruner& pruner) {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  const parquet::FileMetaData& metadata = *file->metadata();
  const std::vector<Leaf> leaves = LeavesOf(*metadata.schema());
  const bool boxes_hold = geoparquet::BoxesHold(metadata);
  std::vector<RowRange> rows;
  int64_t first = 0;
  for (int i = 0; i < metadata.num_row_groups(); ++i) {
    const auto group = metadata.RowGroup(i);
    const int64_t begin = first;
    first += group->num_rows();
    ColumnRanges ranges = RangesOf(*group, leaves);
    ranges.bbox.trusted = boxes_hold;
    if (!pruner.MayHold(ranges)) continue;
    const bool has_index = std::any_of(leaves.begin(), leaves.end(), [&group](const Leaf& leaf) {
      return group->ColumnChunk(leaf.index)->GetColumnIndexLocation().has_value();
    });
    const auto index = has_index && pruner.needs_ranges() ? file->GetPageIndexReader() : nullptr;
    const auto pages = index ? PagesOf(index.get(), i, leaves) : std::vector<Pages>();
    AddRowsOfPages(pages, ranges, begin, group->num_rows(), pruner, &rows);
  }
  return rows;
  END_PARQUET_CATCH_EXCEPTIONS
}

}  // namespace earthcatalog::rows
