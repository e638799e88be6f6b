#include "earthcatalog/jobs/incremental.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bind.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/jobs/config.h"
#include "errors.h"
#include "job.h"
#include "python_partitioner.h"

namespace earthcatalog::python {

namespace nb = nanobind;

namespace {

Result<std::optional<uint64_t>> Count(std::string_view name, std::optional<int64_t> value) {
  if (!value) return std::nullopt;
  if (*value < 0) return UsageError("{} must not be negative: {}", name, *value);
  return static_cast<uint64_t>(*value);
}

// The report as JSON text, which is how the command prints it, too. `partitioner`: a grid of the user's own,
// or None; an exception that it raises is what the call raises.
std::string RunIncremental(std::string inventory, std::string catalog_path, std::string warehouse_path,
                           std::optional<int64_t> chunk_size, int max_workers, std::optional<int64_t> limit,
                           std::optional<std::string> since, std::optional<grid::Config> grid,
                           const nb::object& partitioner, bool batch_add_files, bool use_lock,
                           bool retry_failed, bool again, bool add_known, std::string source,
                           std::string suffix, const nb::object& on_progress) {
  jobs::IncrementalOptions options;
  options.inventory = std::move(inventory);
  options.catalog_db = std::move(catalog_path);
  options.warehouse = std::move(warehouse_path);
  options.chunk_size = ValueOrThrow(Count("chunk_size", chunk_size));
  options.max_in_flight = max_workers;
  options.limit = ValueOrThrow(Count("limit", limit));
  if (since) options.since = ValueOrThrow(ParseInstant(*since));
  options.grid = std::move(grid);
  std::shared_ptr<const PythonPartitioner> custom;
  if (!partitioner.is_none()) {
    custom = std::make_shared<const PythonPartitioner>(partitioner);
    options.grid = grid::Config{};
    options.grid->type = custom->type();
    options.grid->class_name = custom->class_name();
    options.partitioner = custom;
  }
  options.batch_add_files = batch_add_files;
  options.use_lock = use_lock;
  options.retry_failed = retry_failed;
  options.again = again;
  options.add_known = add_known;
  options.source = std::move(source);
  options.suffix = std::move(suffix);

  jobs::IncrementalReport report;
  const Job job = [&](const ProgressCallback& progress, CancelSource* cancel) {
    return jobs::RunIncremental(options, progress, cancel, &report);
  };
  try {
    RunJob(job, on_progress);
  } catch (const nb::python_error&) {
    if (custom != nullptr) custom->ThrowIfRaised();
    throw;
  }
  return jobs::ReportToJson(report);
}

// Only what the file gives, so that the caller's defaults stand for the rest.
nb::dict LoadConfig(const std::string& path) {
  const jobs::Config config = ValueOrThrow(jobs::LoadConfig(path));
  nb::dict catalog;
  if (config.db_path) catalog["db_path"] = *config.db_path;
  if (config.warehouse) catalog["warehouse"] = *config.warehouse;
  nb::dict grid;
  if (config.grid) {
    grid["type"] = config.grid->type;
    if (config.grid->resolution) grid["resolution"] = *config.grid->resolution;
    if (!config.grid->boundaries_path.empty()) grid["boundaries_path"] = config.grid->boundaries_path;
    if (!config.grid->id_field.empty()) grid["id_field"] = config.grid->id_field;
    if (config.grid->max_cells) grid["max_cells"] = *config.grid->max_cells;
  }
  nb::dict ingest;
  if (config.chunk_size) ingest["chunk_size"] = *config.chunk_size;
  if (config.max_in_flight) ingest["max_workers"] = *config.max_in_flight;
  if (config.batch_add_files) ingest["batch_add_files"] = *config.batch_add_files;
  nb::dict sections;
  sections["catalog"] = catalog;
  sections["grid"] = grid;
  sections["ingest"] = ingest;
  return sections;
}

}  // namespace

void BindIncremental(nb::module_& module) {
  nb::class_<Progress>(module, "Progress")
      .def_ro("rows_read", &Progress::rows_read)
      .def_ro("items_done", &Progress::items_done)
      .def_ro("items_failed", &Progress::items_failed)
      .def_ro("items_committed", &Progress::items_committed)
      .def_ro("commits", &Progress::commits)
      .def_ro("bytes_fetched", &Progress::bytes_fetched)
      .def_ro("total_items", &Progress::total_items);
  module.def("run_incremental", &RunIncremental, nb::kw_only(), nb::arg("inventory"), nb::arg("catalog_path"),
             nb::arg("warehouse_path"), nb::arg("chunk_size").none(), nb::arg("max_workers"),
             nb::arg("limit").none(), nb::arg("since").none(), nb::arg("grid").none(),
             nb::arg("partitioner").none(), nb::arg("batch_add_files"), nb::arg("use_lock"),
             nb::arg("retry_failed"), nb::arg("again"), nb::arg("add_known"), nb::arg("source"),
             nb::arg("suffix"), nb::arg("on_progress").none());
  module.def("load_config", &LoadConfig, nb::arg("path"));
}

}  // namespace earthcatalog::python
