// What commands print: results to stdout, everything else to stderr.
#pragma once

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

void PrintInfo(const catalog::Info& info);
std::string InfoToJson(const catalog::Info& info);

void PrintStats(const std::vector<catalog::PartitionStats>& stats);
// Only so many partitions, those with most rows, and a line for the rest.
void PrintLargest(const std::vector<catalog::PartitionStats>& stats, size_t count);
std::string StatsToJson(const std::vector<catalog::PartitionStats>& stats);

}  // namespace earthcatalog::cli
