// What commands print: results to stdout, everything else to stderr.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/text.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/jobs/incremental.h"

namespace earthcatalog::cli {

// On stderr. Nobody need be there to read it: failures are ignored.
void PrintAside(const std::string& text);

// "earthcatalog: <message>" on stderr, one line.
void PrintError(const Status& status);

// The core names options as requests do, "option `retry_failed`"; here that is --retry-failed. "command
// `register`" is earthcatalog register. Other words in backticks, as the names of columns, stay as they are.
std::string WithFlags(std::string text);

// A line for each of the first entries of a list, and how many more there are: a table may have thousands.
// `label` is before each.
template <typename Entry, typename Line>
void PrintFirst(std::string_view label, const std::vector<Entry>& entries, const Line& line) {
  constexpr size_t kShown = 10;
  for (size_t i = 0; i < std::min(entries.size(), kShown); ++i) fmt::print("{}{}\n", label, line(entries[i]));
  if (entries.size() <= kShown) return;
  fmt::print("{}… and {} more (--json has all)\n", label,
             FormatCount(static_cast<int64_t>(entries.size() - kShown)));
}

// The run's numbers for people; every inventory row is in exactly one of the lines.
void PrintSummary(const jobs::IncrementalReport& report);

void PrintInfo(const catalog::Info& info);
// `overflowed`: how many values columns could not hold, by the column (ingest::FindOverflowed).
std::string InfoToJson(const catalog::Info& info, const std::map<std::string, uint64_t>& overflowed);

std::string YearText(const std::optional<int>& year);
// Each partition, and their sum.
void PrintPartitions(const std::vector<catalog::PartitionStats>& partitions);
// Only so many partitions, those with most rows, a line for the rest, and the sum of all.
void PrintLargest(const std::vector<catalog::PartitionStats>& partitions, size_t count);

}  // namespace earthcatalog::cli
