// The items of a table as they were, out of it again.
#pragma once

#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/catalog/catalog.h"

namespace earthcatalog::jobs {

enum class ExportFormat {
  kNdjson,    // an item a line
  kStacJson,  // a GeoJSON FeatureCollection, as STAC APIs answer
  // One stac-geoparquet file with the table's columns but `grid_partition`. Of a table with JSON text in its
  // columns (earthcatalog <= 0.6), with those that a table of ours would have; its items are read twice.
  kParquet,
};

struct ExportOptions {
  ExportFormat format = ExportFormat::kNdjson;
  std::vector<std::string> ids{};  // only items with these; empty for all
  // Not those without a box, at which some readers of Parquet end: their geometry is null or empty.
  bool skip_null_geometry = false;
};

struct ExportReport {
  uint64_t items = 0;
  uint64_t skipped_null_geometry = 0;
  std::vector<std::string> missing_ids;  // asked for, but no item has them; sorted
};

// For messages: the first few of them.
std::string NameIds(const std::vector<std::string>& ids);

// {"items": 3, "skipped_null_geometry": 1, "missing_ids": ["a"]}
std::string ExportReportToJson(const ExportReport& report);

// Writes each item once, its newest version (rows/newest_versions.h). Of `ids` that are asked for none in the
// table is kNotFound, and nothing is written then. JSON texts are equal to the items' sources
// as JSON values. `sink` stays open, and holds a part of the export after an error. Memory: as
// rows::ItemReader says; for Parquet also 256 MiB, a row group's rows twice.
Status Export(const catalog::Catalog& catalog, const ExportOptions& options,
              const std::shared_ptr<arrow::io::OutputStream>& sink, const ProgressCallback& progress,
              const CancelSource& cancel, ExportReport* report);

}  // namespace earthcatalog::jobs
