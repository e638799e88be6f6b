#include "earthcatalog/catalog/catalog.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <utility>
#include <vector>

#include "bind.h"
#include "errors.h"

namespace earthcatalog::python {

namespace nb = nanobind;
using catalog::Catalog;

namespace {

// Opens the catalog anew and asks it with `question`, both without the GIL: an answer is about the table as
// it is now, and no state is shared between Python's threads.
template <typename Question>
auto Ask(const std::string& db_path, const std::string& warehouse, Question question) {
  using Answer = decltype(question(std::declval<const Catalog&>()));
  return ValueOrThrow([&]() -> Answer {
    nb::gil_scoped_release release;
    ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open({db_path, warehouse}));
    return question(*catalog);
  }());
}

std::pair<std::string, std::string> LocationsFromBase(const std::string& base) {
  auto locations = ValueOrThrow([&] {
    nb::gil_scoped_release release;
    return catalog::Locations::FromBase(base);
  }());
  return {std::move(locations.db_path), std::move(locations.warehouse)};
}

nb::dict GetInfo(const std::string& db_path, const std::string& warehouse) {
  const catalog::Info info =
      Ask(db_path, warehouse, [](const Catalog& catalog) { return catalog.GetInfo(); });
  nb::dict values;
  values["db_path"] = info.db_path;
  values["warehouse"] = info.warehouse;
  values["metadata_location"] = info.metadata_location;
  values["table_uuid"] = info.table_uuid;
  values["grid_type"] = info.grid_type;
  values["grid_resolution"] = info.grid_resolution;
  values["snapshot_count"] = info.snapshot_count;
  values["current_snapshot_id"] = info.current_snapshot_id;
  values["row_count"] = info.row_count;
  values["file_count"] = info.file_count;
  values["total_bytes"] = info.total_bytes;
  values["cell_count"] = info.cell_count;
  values["first_year"] = info.first_year;
  values["last_year"] = info.last_year;
  values["column_count"] = info.column_count;
  values["grid_recorded"] = info.grid_recorded;
  return values;
}

nb::list GetStats(const std::string& db_path, const std::string& warehouse) {
  nb::list partitions;
  for (const auto& stats : Ask(db_path, warehouse, [](const Catalog& catalog) { return catalog.Stats(); })) {
    nb::dict values;
    values["grid_partition"] = stats.grid_partition;
    values["year"] = stats.year;
    values["row_count"] = stats.row_count;
    values["file_count"] = stats.file_count;
    values["total_bytes"] = stats.total_bytes;
    partitions.append(values);
  }
  return partitions;
}

}  // namespace

void BindCatalog(nb::module_& module) {
  module.def("locations_from_base", &LocationsFromBase, nb::arg("base"));
  module.def("catalog_info", &GetInfo, nb::arg("db_path"), nb::arg("warehouse"));
  module.def("catalog_stats", &GetStats, nb::arg("db_path"), nb::arg("warehouse"));
}

}  // namespace earthcatalog::python
