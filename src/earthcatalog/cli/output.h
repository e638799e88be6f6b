// What commands print: results to stdout, everything else to stderr.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/jobs/incremental.h"

namespace earthcatalog::cli {

// On stderr. Nobody need be there to read it: failures are ignored.
void PrintAside(const std::string& text);

// "earthcatalog: <message>" on stderr, one line.
void PrintError(const Status& status);

// The run's numbers for people; every inventory row is in exactly one of the lines.
void PrintSummary(const jobs::IncrementalReport& report);

// What a table holds, and how many values its columns could not hold, by the column (ingest::FindOverflowed).
template <typename Value>
struct Described {
  Value value;
  std::map<std::string, uint64_t> overflowed;
};
using DescribedInfo = Described<catalog::Info>;
using DescribedStats = Described<std::vector<catalog::PartitionStats>>;

void PrintInfo(const DescribedInfo& info);
std::string InfoToJson(const DescribedInfo& info);

void PrintStats(const DescribedStats& stats);
// Only so many partitions, those with most rows, and a line for the rest.
void PrintLargest(const std::vector<catalog::PartitionStats>& stats, size_t count);
// The partitions alone.
std::string StatsToJson(const DescribedStats& stats);

}  // namespace earthcatalog::cli
