#include "earthcatalog/cli/layout_text.h"

#include <algorithm>
#include <cstdio>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/cli/output.h"
#include "earthcatalog/ingest/overflowed.h"

namespace earthcatalog::cli {
namespace {

using maintain::FileSizeRange;
using maintain::Layout;
using maintain::Spread;

constexpr size_t kShownPartitions = 20;
constexpr double kBarWidth = 30;
// Where so many cells and years have fewer rows each, files are so small that opening them is what takes
// time.
constexpr int64_t kManyPartitions = 100;
constexpr int64_t kFewRows = 50;

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void PrintLine(const char* label, const std::string& value) { fmt::print("{:<12}: {}\n", label, value); }

std::string FanOutText(const Layout& layout) {
  const auto fan_out = layout.fan_out();
  if (!fan_out) return "unknown: no commit says how many items it brought";
  std::string text = fmt::format("{:.2f} rows an item, told by {} items", *fan_out,
                                 FormatCount(static_cast<int64_t>(layout.catalogued.items)));
  if (layout.catalogued.rows < static_cast<uint64_t>(layout.row_count)) {
    text += "; the other rows' commits do not say how many items they brought";
  }
  return text;
}

std::string SnapshotsText(const Layout& layout) {
  std::string text = FormatCount(layout.snapshot_count);
  if (!layout.first_snapshot || !layout.last_snapshot) return text;
  return text + fmt::format(", from {} to {}", FormatRfc3339(*layout.first_snapshot),
                            FormatRfc3339(*layout.last_snapshot));
}

std::string MetadataText(const Layout& layout) {
  std::string text = fmt::format("{} of the current snapshot", FormatByteSize(layout.metadata_bytes));
  if (!layout.metadata_folder_bytes) return text;
  return text + fmt::format("; {} in {} files with all that was before",
                            FormatByteSize(*layout.metadata_folder_bytes),
                            FormatCount(*layout.metadata_file_count));
}

void PrintTotals(const Layout& layout) {
  PrintLine("Rows", fmt::format("{} in {} cells and years of {} cells", FormatCount(layout.row_count),
                                FormatCount(std::ssize(layout.partitions)), FormatCount(layout.cell_count)));
  PrintLine("Fan-out", FanOutText(layout));
  PrintLine("Files",
            fmt::format("{} ({})", FormatCount(layout.file_count), FormatByteSize(layout.total_bytes)));
  PrintLine("Small files",
            fmt::format("{} ({:.1f} % of the files) are smaller than {}; {} of them share "
                        "their cell and year with another one",
                        FormatCount(layout.small_file_count),
                        100 * Share(layout.small_file_count, layout.file_count),
                        FormatByteSize(maintain::kSmallFileBytes), FormatCount(layout.mergeable_file_count)));
  PrintLine("Snapshots", SnapshotsText(layout));
  PrintLine("Manifests", fmt::format("{}; a search for one cell and year reads up to {}",
                                     FormatCount(layout.manifests.count),
                                     FormatCount(layout.manifests.deepest + layout.manifests.fixed)));
  PrintLine("Metadata", MetadataText(layout));
}

void PrintFileSizes(const Layout& layout) {
  const auto has_files = [](const FileSizeRange& range) { return range.file_count > 0; };
  const auto& ranges = layout.file_sizes;
  const auto first = std::find_if(ranges.begin(), ranges.end(), has_files);
  const auto end = std::find_if(ranges.rbegin(), ranges.rend(), has_files).base();
  if (first == ranges.end()) return;
  fmt::print("\n{:<18}{:>12}{:>12}\n", "file size", "files", "size");
  for (auto range = first; range != end; ++range) {
    const std::string label = range->below ? "below " + FormatByteSize(*range->below) : "larger";
    const double share = Share(range->file_count, layout.file_count);
    fmt::print("{:<18}{:>12}{:>12}  {:5.1f} % {}\n", label, FormatCount(range->file_count),
               FormatByteSize(range->total_bytes), 100 * share,
               std::string(static_cast<size_t>(share * kBarWidth + 0.5), '#'));
  }
}

void PrintSpreads(const Layout& layout) {
  const auto line = [](const char* label, const Spread& spread) {
    fmt::print("{:<18}{:>12}{:>12}{:>12}{:>12}\n", label, FormatCount(spread.least),
               FormatCount(spread.median), FormatCount(spread.ninth_decile), FormatCount(spread.most));
  };
  fmt::print("\n{:<18}{:>12}{:>12}{:>12}{:>12}\n", "per cell and year", "least", "median", "90 %", "most");
  line("rows", layout.rows);
  line("files", layout.files);
}

void PrintYears(const Layout& layout) {
  fmt::print("\n{:<18}{:>8}{:>12}{:>8}{:>12}\n", "year", "cells", "rows", "files", "size");
  for (const maintain::YearTotals& year : layout.years) {
    fmt::print("{:<18}{:>8}{:>12}{:>8}{:>12}\n", YearText(year.year), FormatCount(year.cell_count),
               FormatCount(year.row_count), FormatCount(year.file_count), FormatByteSize(year.total_bytes));
  }
}

void PrintOverflowed(const std::map<std::string, uint64_t>& overflowed) {
  for (const auto& [column, count] : ingest::MostUsed(overflowed, overflowed.size())) {
    fmt::print("note: {}: {} {} not fit the column or had none, _overflow has {}\n", OneLine(column),
               FormatCount(static_cast<int64_t>(count)), count == 1 ? "value did" : "values did",
               count == 1 ? "it" : "them");
  }
}

// Empty where there is none.
std::string CoarserThan(const grid::Config& grid) {
  if (grid.type == "geojson") return "larger regions";
  if (grid.type != "h3" || !grid.resolution) return "a coarser grid";
  return *grid.resolution == 0 ? "" : fmt::format("--h3-resolution {} or less", *grid.resolution - 1);
}

void PrintAdvice(const Layout& layout, const grid::Config& grid) {
  if (2 * layout.mergeable_file_count > layout.file_count) {
    fmt::print(
        "note: {} of {} files are small and share their cell and year with another one: earthcatalog compact "
        "unites them\n",
        FormatCount(layout.mergeable_file_count), FormatCount(layout.file_count));
  }
  const int64_t partitions = std::ssize(layout.partitions);
  const std::string coarser = CoarserThan(grid);
  if (partitions < kManyPartitions || layout.row_count >= kFewRows * partitions || coarser.empty()) return;
  fmt::print(
      "note: {:.1f} rows on average in a cell and year: a new table with {} has fewer and larger files\n",
      static_cast<double>(layout.row_count) / static_cast<double>(partitions), coarser);
}

}  // namespace

void PrintLayout(const Layout& layout, const grid::Config& grid, bool all_partitions) {
  PrintTotals(layout);
  PrintFileSizes(layout);
  if (!layout.partitions.empty()) {
    PrintSpreads(layout);
    PrintYears(layout);
  }
  fmt::print("\n");
  if (all_partitions) {
    PrintPartitions(layout.partitions);
  } else {
    PrintLargest(layout.partitions, kShownPartitions);
  }
  PrintOverflowed(layout.overflowed);
  PrintAdvice(layout, grid);
}

}  // namespace earthcatalog::cli
