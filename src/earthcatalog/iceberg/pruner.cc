#include "earthcatalog/iceberg/pruner.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/manifest_list.h"
#include "earthcatalog/iceberg/manifest_span.h"
#include "earthcatalog/iceberg/partition_spec.h"

namespace earthcatalog::iceberg {
namespace {

using Role = PartitionField::Role;

std::optional<Years> PartitionYearsOf(const Expression& expression) {
  std::optional<Years> years = expression.years;
  if (expression.time) {
    const Years of_time{YearOf(expression.time->first), YearOf(expression.time->last)};
    if (!years) years = of_time;
    years->first = std::max(years->first, of_time.first);
    years->last = std::min(years->last, of_time.last);
  }
  // Early releases of Iceberg for Java gave instants before 1970 the year after theirs.
  if (years && years->last < Partition::kEpochYear) ++years->last;
  return years;
}

bool Overlaps(const TimeRange& range, int64_t first, int64_t last) {
  return range.has_value && range.lower <= last && range.upper >= first;
}

bool MayMeet(const ColumnRanges& ranges, const Box& box) {
  const auto& [xmin, ymin, xmax, ymax, trusted] = ranges.bbox;
  if (!trusted) return true;
  if (!xmin.has_value || !ymin.has_value || !xmax.has_value || !ymax.has_value) return false;
  return xmin.lower <= box.east && xmax.upper >= box.west && ymin.lower <= box.north &&
         ymax.upper >= box.south;
}

bool MayBeIn(const ColumnRanges& ranges, const TimeInterval& time) {
  if (Overlaps(ranges.datetime, time.first, time.last)) return true;
  return ranges.datetime.has_null && (ranges.start.has_null || ranges.start.lower <= time.last) &&
         (ranges.end.has_null || ranges.end.upper >= time.first);
}

bool MayBeIn(const ColumnRanges& ranges, const Years& years) {
  const TimeRange& range = ranges.datetime;
  if (range.has_null && years.keep_unknown) return true;
  return range.has_value && YearOf(range.lower) <= years.last && YearOf(range.upper) >= years.first;
}

bool MayHaveId(const TextRange& range, const std::set<std::string>& ids) {
  if (!range.has_value) return false;
  const auto id = ids.lower_bound(range.lower);
  return id != ids.end() && (!range.bounded || *id <= range.upper || id->starts_with(range.upper));
}

}  // namespace

Pruner::Pruner(Expression expression)
    : expression_(std::move(expression)), partition_years_(PartitionYearsOf(expression_)) {}

bool Pruner::MayHold(const ManifestFile& manifest, const PartitionSpec& spec) const {
  if (!manifest.partitions || manifest.partitions->size() != spec.fields.size()) return true;
  for (size_t i = 0; i < spec.fields.size(); ++i) {
    const PartitionSummary& summary = (*manifest.partitions)[i];
    if (spec.fields[i].role == Role::kCell && !CellsMayHold(summary)) return false;
    if (spec.fields[i].role == Role::kYear && !YearsMayHold(summary)) return false;
  }
  return true;
}

bool Pruner::CellsMayHold(const PartitionSummary& summary) const {
  if (!expression_.cells) return true;
  // If this one is beyond the bounds, the next ones are.
  const auto cell = expression_.cells->lower_bound(summary.lower.value_or(""));
  return cell != expression_.cells->end() && MayContain(summary, *cell);
}

bool Pruner::YearsMayHold(const PartitionSummary& summary) const {
  if (!partition_years_) return true;
  if (summary.contains_null && partition_years_->keep_unknown) return true;
  return MayContain(summary, partition_years_->first, partition_years_->last);
}

bool Pruner::MayHold(const Partition& partition, const PartitionSpec& spec) const {
  const auto& cell = partition.grid_partition;
  if (expression_.cells && spec.Has(Role::kCell) && !(cell && expression_.cells->contains(*cell))) {
    return false;
  }
  if (!partition_years_ || !spec.Has(Role::kYear)) return true;
  if (!partition.year) return partition_years_->keep_unknown;
  const int64_t year = int64_t{*partition.year} + Partition::kEpochYear;
  return partition_years_->first <= year && year <= partition_years_->last;
}

bool Pruner::MayHold(const ColumnRanges& ranges) const {
  const auto& [cells, years, boxes, time, ids] = expression_;
  if (years && !MayBeIn(ranges, *years)) return false;
  if (time && !MayBeIn(ranges, *time)) return false;
  if (ids && !MayHaveId(ranges.id, *ids)) return false;
  return !boxes || std::any_of(boxes->begin(), boxes->end(),
                               [&ranges](const Box& box) { return MayMeet(ranges, box); });
}

bool Pruner::MayHold(ColumnRanges ranges, const Partition& partition, const PartitionSpec& spec) const {
  if (!MayHold(partition, spec)) return false;
  if (!needs_ranges()) return true;
  if (spec.Has(Role::kYear)) {
    ranges.SetNulls(RangeColumn::kDatetime, partition.year.has_value(), !partition.year.has_value());
  }
  return MayHold(ranges);
}

}  // namespace earthcatalog::iceberg
