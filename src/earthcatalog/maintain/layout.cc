#include "earthcatalog/maintain/layout.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace earthcatalog::maintain {
namespace {

// Each four times the one before; the last is twice what compaction makes.
constexpr std::array<int64_t, 8> kLimits = {16LL << 10, 64LL << 10, 256LL << 10, 1LL << 20,
                                            4LL << 20,  16LL << 20, 64LL << 20,  256LL << 20};

std::vector<FileSizeRange> EmptyRanges() {
  std::vector<FileSizeRange> ranges(kLimits.size() + 1);
  for (size_t i = 0; i < kLimits.size(); ++i) ranges[i].below = kLimits[i];
  return ranges;
}

FileSizeRange& RangeOf(int64_t bytes, std::vector<FileSizeRange>* ranges) {
  const auto above = std::upper_bound(kLimits.begin(), kLimits.end(), bytes);
  return (*ranges)[static_cast<size_t>(above - kLimits.begin())];
}

// By the nearest rank: each of the numbers is one that a partition has.
Spread SpreadOf(std::vector<int64_t> numbers) {
  if (numbers.empty()) return {};
  std::sort(numbers.begin(), numbers.end());
  const auto at = [&numbers](size_t tenths) { return numbers[(numbers.size() * tenths + 9) / 10 - 1]; };
  return {.least = numbers.front(), .median = at(5), .ninth_decile = at(9), .most = numbers.back()};
}

void AddFiles(const catalog::PartitionStats& partition, FileLayout* layout) {
  int64_t small = 0;
  for (const int64_t bytes : partition.file_sizes) {
    FileSizeRange& range = RangeOf(bytes, &layout->file_sizes);
    ++range.file_count;
    range.total_bytes += bytes;
    if (bytes >= kSmallFileBytes) continue;
    ++small;
    layout->small_file_bytes += bytes;
  }
  layout->small_file_count += small;
  if (small > 1) layout->mergeable_file_count += small;
}

void AddTotals(const catalog::PartitionStats& partition, auto* totals) {
  totals->row_count += partition.row_count;
  totals->file_count += partition.file_count;
  totals->total_bytes += partition.total_bytes;
}

// Listing may be forbidden where reading is allowed.
void MeasureMetadataFolder(const io::Location& folder, Layout* layout) {
  arrow::fs::FileSelector selector;
  selector.base_dir = folder.path;
  const auto files = folder.fs->GetFileInfo(selector);
  if (!files.ok()) return;
  int64_t count = 0, bytes = 0;
  for (const arrow::fs::FileInfo& file : *files) {
    if (!file.IsFile()) continue;
    ++count;
    bytes += file.size();
  }
  layout->metadata_file_count = count;
  layout->metadata_folder_bytes = bytes;
}

// In microseconds; nothing when it is no sensible instant.
std::optional<int64_t> MadeAt(const iceberg::Snapshot& snapshot) {
  int64_t micros = 0;
  return __builtin_mul_overflow(snapshot.timestamp_ms, 1000, &micros) ? std::nullopt : std::optional(micros);
}

Status DescribeMetadata(const catalog::Catalog& catalog, Layout* layout) {
  const iceberg::Table& table = catalog.table();
  const std::vector<iceberg::Snapshot> snapshots = table.snapshots();
  layout->snapshot_count = std::ssize(snapshots);
  if (!snapshots.empty()) {
    layout->first_snapshot = MadeAt(snapshots.front());
    layout->last_snapshot = MadeAt(snapshots.back());
  }
  ARROW_ASSIGN_OR_RAISE(layout->manifests, table.TotalsOfManifests());
  ARROW_ASSIGN_OR_RAISE(const io::Location document, catalog.warehouse().Other(table.metadata_location()));
  ARROW_ASSIGN_OR_RAISE(const auto info, document.fs->GetFileInfo(document.path));
  layout->metadata_bytes = info.size() + layout->manifests.list_bytes + layout->manifests.bytes;
  ARROW_ASSIGN_OR_RAISE(const io::Location folder, catalog.warehouse().Other(table.metadata_folder()));
  MeasureMetadataFolder(folder, layout);
  return Status::OK();
}

}  // namespace

FileLayout LayoutOf(const std::vector<catalog::PartitionStats>& partitions) {
  FileLayout layout;
  layout.file_sizes = EmptyRanges();
  std::set<std::string_view> cells;
  std::map<std::optional<int>, YearTotals> years;
  std::vector<int64_t> rows, files;
  for (const catalog::PartitionStats& partition : partitions) {
    AddTotals(partition, &layout);
    AddFiles(partition, &layout);
    cells.insert(partition.grid_partition);
    YearTotals& year = years.try_emplace(partition.year, YearTotals{.year = partition.year}).first->second;
    AddTotals(partition, &year);
    ++year.cell_count;
    rows.push_back(partition.row_count);
    files.push_back(partition.file_count);
  }
  layout.cell_count = std::ssize(cells);
  layout.rows = SpreadOf(std::move(rows));
  layout.files = SpreadOf(std::move(files));
  for (const auto& [year, totals] : years) layout.years.push_back(totals);
  return layout;
}

std::optional<double> Layout::fan_out() const {
  if (catalogued.items == 0) return std::nullopt;
  return static_cast<double>(catalogued.rows) / static_cast<double>(catalogued.items);
}

Result<Layout> DescribeLayout(const catalog::Catalog& catalog) {
  ARROW_ASSIGN_OR_RAISE(auto partitions, catalog.Stats());
  Layout layout;
  static_cast<FileLayout&>(layout) = LayoutOf(partitions);
  layout.partitions = std::move(partitions);
  layout.catalogued = ingest::FindItems(catalog.table());
  layout.overflowed = ingest::FindOverflowed(catalog.table());
  ARROW_RETURN_NOT_OK(DescribeMetadata(catalog, &layout));
  return layout;
}

}  // namespace earthcatalog::maintain
