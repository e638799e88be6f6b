// What commands print: results to stdout, everything else to stderr.
#pragma once

#include <string>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/pipeline/incremental.h"

namespace earthcatalog::cli {

// "earthcatalog: <message>" on stderr, one line.
void PrintError(const Status& status);

// The run's numbers for people; every inventory row is in exactly one of the lines.
void PrintSummary(const pipeline::IncrementalReport& report);

void PrintInfo(const catalog::Info& info);
std::string InfoToJson(const catalog::Info& info);

// At most `max_lines` partitions, the ones with most rows, and a line for the rest; 0 for all in order.
void PrintStats(const std::vector<catalog::PartitionStats>& stats, size_t max_lines);
std::string StatsToJson(const std::vector<catalog::PartitionStats>& stats);

}  // namespace earthcatalog::cli
