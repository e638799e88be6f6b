// How a table lies on disk: what helps to plan its maintenance and its queries. From metadata alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/ingest/snapshot_notes.h"

namespace earthcatalog::maintain {

// Three quarters of the size that compaction makes files of: smaller ones are worth uniting.
inline constexpr int64_t kSmallFileBytes = 96LL << 20;

// Data files of at least the limit before and less than this one.
struct FileSizeRange {
  std::optional<int64_t> below;  // in bytes; nothing: the last range
  int64_t file_count = 0;
  int64_t total_bytes = 0;
};

// How a number is spread over the partitions; all 0 without partitions.
struct Spread {
  int64_t least = 0;
  int64_t median = 0;  // half of the partitions have no more, likewise below
  int64_t ninth_decile = 0;
  int64_t most = 0;
};

struct YearTotals {
  std::optional<int> year;  // nothing: unknown
  int64_t cell_count = 0;
  int64_t row_count = 0;
  int64_t file_count = 0;
  int64_t total_bytes = 0;
};

// What is told by the partitions alone.
struct FileLayout {
  int64_t row_count = 0, file_count = 0, total_bytes = 0, cell_count = 0;
  std::vector<FileSizeRange> file_sizes;  // all ranges, also those without files
  int64_t small_file_count = 0;           // below kSmallFileBytes
  int64_t small_file_bytes = 0;
  int64_t mergeable_file_count = 0;  // of these, files that share their cell and year with others of them
  Spread rows, files;                // of a cell and year
  std::vector<YearTotals> years;     // sorted, the unknown one first
};

struct Layout : FileLayout {
  std::vector<catalog::PartitionStats> partitions;
  // Items that commits say they brought, and their rows: the fan-out is rows divided by items.
  ingest::ItemCounts catalogued;
  int64_t snapshot_count = 0;
  std::optional<int64_t> first_snapshot, last_snapshot;  // microseconds since 1970, UTC
  iceberg::ManifestTotals manifests;
  int64_t metadata_bytes = 0;  // of the current snapshot: the table's metadata file, manifest list, manifests
  // Files in the metadata folder, those of older snapshots and versions too; nothing where it may not be
  // listed.
  std::optional<int64_t> metadata_file_count, metadata_folder_bytes;
  std::map<std::string, uint64_t> overflowed;  // ingest::FindOverflowed

  // Rows of an item; nothing when no commit says how many items it brought.
  std::optional<double> fan_out() const;
};

FileLayout LayoutOf(const std::vector<catalog::PartitionStats>& partitions);

// Reads manifests without bounds and lists one folder. Errors as catalog::Catalog::Stats.
Result<Layout> DescribeLayout(const catalog::Catalog& catalog);

// As one JSON object.
std::string LayoutToJson(const Layout& layout);

}  // namespace earthcatalog::maintain
