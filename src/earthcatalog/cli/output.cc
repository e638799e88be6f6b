#include "earthcatalog/cli/output.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/base/text.h"

namespace earthcatalog::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxMessageBytes = 2000;

std::string Count(uint64_t count) { return FormatCount(static_cast<int64_t>(count)); }

void PrintCount(const char* label, uint64_t count) { fmt::print("  {:<34}{:>14}\n", label, Count(count)); }
void PrintCountIfAny(const char* label, uint64_t count) {
  if (count > 0) PrintCount(label, count);
}

Json OptionalJson(const auto& value) { return value ? Json(*value) : Json(nullptr); }

std::string GridText(const catalog::Info& info) {
  std::string text = info.grid_type;
  if (info.grid_resolution) text += fmt::format(" resolution {}", *info.grid_resolution);
  if (info.grid_max_cells)
    text += fmt::format(", at most {} cells an item", FormatCount(*info.grid_max_cells));
  if (info.grid_recorded) return text;
  const bool told = info.cell_count > 0 && info.grid_type != catalog::kUnknownGridType;
  return text +
         (told ? " (told by its cells: the table does not record it)" : " (the table does not record it)");
}

void PrintPartition(const std::string& cell, const std::string& year, const catalog::PartitionStats& stats) {
  fmt::print("{:<18}{:>8}{:>12}{:>8}{:>12}\n", cell, year, FormatCount(stats.row_count),
             FormatCount(stats.file_count), FormatByteSize(stats.total_bytes));
}

// Some of `all`, and their sum.
void PrintSome(const std::vector<catalog::PartitionStats>& shown,
               const std::vector<catalog::PartitionStats>& all) {
  fmt::print("{:<18}{:>8}{:>12}{:>8}{:>12}\n", "cell", "year", "rows", "files", "size");
  for (const catalog::PartitionStats& partition : shown) {
    PrintPartition(partition.grid_partition, YearText(partition.year), partition);
  }
  catalog::PartitionStats total;
  for (const catalog::PartitionStats& partition : all) {
    total.row_count += partition.row_count;
    total.file_count += partition.file_count;
    total.total_bytes += partition.total_bytes;
  }
  if (shown.size() < all.size()) {
    fmt::print("… and {} more\n", FormatCount(static_cast<int64_t>(all.size() - shown.size())));
  }
  PrintPartition("all", "", total);
}

}  // namespace

std::string YearText(const std::optional<int>& year) { return year ? std::to_string(*year) : "unknown"; }

void PrintAside(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

void PrintError(const Status& status) {
  PrintAside(fmt::format("earthcatalog: {}\n", WithFlags(OneLine(status.message(), kMaxMessageBytes))));
}

namespace {

// "<mark> `name`" becomes "<prefix>name", with dashes for its underscores.
void Unmark(std::string_view mark, std::string_view prefix, std::string* text) {
  const std::string begin = fmt::format("{} `", mark);
  for (size_t at = 0; (at = text->find(begin, at)) != std::string::npos;) {
    const size_t start = at + begin.size(), end = text->find('`', start);
    if (end == std::string::npos) break;
    std::string name = text->substr(start, end - start);
    std::ranges::replace(name, '_', '-');
    text->replace(at, end + 1 - at, fmt::format("{}{}", prefix, name));
  }
}

}  // namespace

std::string WithFlags(std::string text) {
  Unmark("option", "--", &text);
  Unmark("command", "earthcatalog ", &text);
  return text;
}

namespace {

void PrintQuarantine(const std::vector<std::string>& files) {
  if (files.empty()) return;
  const size_t shown = std::min<size_t>(files.size(), 10);
  for (size_t i = 0; i < shown; ++i) fmt::print("  quarantined rows are in {}\n", files[i]);
  if (shown < files.size()) fmt::print("  … and {} more files\n", files.size() - shown);
  fmt::print("  --retry-failed takes them up again\n");
}

constexpr size_t kShownColumns = 10;

void PrintOverflowed(const jobs::IncrementalReport& report) {
  for (const auto& [column, overflowed] : ingest::MostUsed(report.overflowed, kShownColumns)) {
    const bool one = overflowed.count == 1;
    const char* const misses = overflowed.has_column
                                   ? (one ? "value does not fit the" : "values do not fit the")
                                   : (one ? "value has no" : "values have no");
    fmt::print("  note: {}: {} {} column, _overflow has {}: {} of {}\n", OneLine(column),
               Count(overflowed.count), misses, one ? "it" : "them", overflowed.value,
               OneLine(overflowed.id));
  }
  if (report.overflowed.size() > kShownColumns) {
    fmt::print("  note: and so with {} more, of which --json names the most used\n",
               Count(report.overflowed.size() - kShownColumns));
  }
  if (report.columns_left_out > 0) {
    fmt::print(
        "  note: the table has no room for {} more columns; what they would hold is in _overflow, as named "
        "above\n",
        Count(report.columns_left_out));
  }
}

}  // namespace

void PrintSummary(const jobs::IncrementalReport& report) {
  fmt::print("Inventory rows read                 {:>14}\n",
             FormatCount(static_cast<int64_t>(report.inventory.rows)));
  PrintCount("catalogued", report.items_catalogued);
  PrintCountIfAny("quarantined", report.items_quarantined);
  for (const auto& [kind, count] : report.quarantined_by_kind) PrintCount(("  " + kind).c_str(), count);
  PrintCountIfAny("skipped: other suffix", report.inventory.skipped_suffix);
  PrintCountIfAny("skipped: before --since", report.inventory.skipped_since);
  PrintCountIfAny("skipped: delete marker", report.inventory.skipped_delete_marker);
  PrintCountIfAny("skipped: old version", report.inventory.skipped_old_version);
  PrintCountIfAny("skipped: retried already", report.inventory.skipped_retried);
  PrintCountIfAny("skipped: known, unchanged", report.inventory.skipped_known);
  PrintCountIfAny("skipped: done by earlier runs", report.inventory.skipped_done);
  PrintCountIfAny("malformed rows", report.inventory.malformed);
  PrintCountIfAny("not reached", report.items_not_reached);
  for (const inventory::MalformedRow& row : report.inventory.first_malformed) {
    const std::string file = row.file.empty() ? "" : OneLine(row.file) + ", ";
    fmt::print("    {}row {}: {}\n", file, row.position, row.reason);
  }
  for (const ingest::FailureExample& failure : report.first_failures) {
    fmt::print("    {}/{}: {}: {}\n", OneLine(failure.bucket), OneLine(failure.key), failure.kind,
               OneLine(failure.message));
  }
  PrintQuarantine(report.quarantine_files);
  for (const std::string& notice : report.notices) fmt::print("  note: {}\n", notice);
  PrintOverflowed(report);
  const double rate = report.seconds > 0 ? static_cast<double>(report.items_catalogued) / report.seconds : 0;
  fmt::print("Wrote {} rows to {} files ({}) in {} {}\n",
             FormatCount(static_cast<int64_t>(report.rows_written)),
             FormatCount(static_cast<int64_t>(report.files_written)),
             FormatByteSize(static_cast<int64_t>(report.bytes_written)), report.commits,
             report.commits == 1 ? "commit" : "commits");
  fmt::print("Took {:.1f} s, {} items/s, at most {} of memory\n", report.seconds,
             FormatCount(static_cast<int64_t>(rate)), FormatByteSize(report.peak_memory));
}

void PrintInfo(const catalog::Info& info) {
  const auto line = [](const char* label, const std::string& value) {
    fmt::print("{:<13}: {}\n", label, value);
  };
  line("Catalog", info.db_path);
  line("Warehouse", info.warehouse);
  line("Metadata", info.metadata_location);
  line("Grid", GridText(info));
  line("Rows", fmt::format("{} (an item counts once for each cell it touches)", FormatCount(info.row_count)));
  line("Total files", FormatCount(info.file_count));
  line("Total size", FormatByteSize(info.total_bytes));
  line("Cells", FormatCount(info.cell_count));
  line("Years", info.first_year ? fmt::format("{}–{}", *info.first_year, *info.last_year) : "none");
  line("Columns", FormatCount(info.column_count));
  line("Snapshots", FormatCount(info.snapshot_count));
}

std::string InfoToJson(const catalog::Info& info, const std::map<std::string, uint64_t>& overflowed) {
  return ReportText({{"catalog", info.db_path},
                     {"warehouse", info.warehouse},
                     {"metadata_location", info.metadata_location},
                     {"table_uuid", info.table_uuid},
                     {"grid_type", info.grid_type},
                     {"grid_resolution", OptionalJson(info.grid_resolution)},
                     {"grid_max_cells", OptionalJson(info.grid_max_cells)},
                     {"grid_recorded", info.grid_recorded},
                     {"row_count", info.row_count},
                     {"file_count", info.file_count},
                     {"total_bytes", info.total_bytes},
                     {"cell_count", info.cell_count},
                     {"first_year", OptionalJson(info.first_year)},
                     {"last_year", OptionalJson(info.last_year)},
                     {"column_count", info.column_count},
                     {"snapshot_count", info.snapshot_count},
                     {"current_snapshot_id", OptionalJson(info.current_snapshot_id)},
                     {"overflowed", overflowed}});
}

void PrintPartitions(const std::vector<catalog::PartitionStats>& partitions) {
  PrintSome(partitions, partitions);
}

void PrintLargest(const std::vector<catalog::PartitionStats>& partitions, size_t count) {
  std::vector<catalog::PartitionStats> largest = partitions;
  std::stable_sort(largest.begin(), largest.end(),
                   [](const auto& a, const auto& b) { return a.row_count > b.row_count; });
  largest.resize(std::min(count, largest.size()));
  PrintSome(largest, partitions);
}

}  // namespace earthcatalog::cli
