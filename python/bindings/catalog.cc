#include "earthcatalog/catalog/catalog.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bind.h"
#include "earthcatalog/ingest/snapshot_notes.h"
#include "earthcatalog/maintain/layout.h"
#include "errors.h"

namespace earthcatalog::python {

namespace nb = nanobind;
using catalog::Catalog;

namespace {

// Opens the catalog anew and asks it with `question`, both without the GIL: an answer is about the table as
// it is now, and no state is shared between Python's threads.
template <typename Question>
auto Ask(const catalog::Paths& paths, Question question) {
  using Answer = decltype(question(std::declval<const Catalog&>()));
  return ValueOrThrow([&]() -> Answer {
    nb::gil_scoped_release release;
    ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(paths));
    return question(*catalog);
  }());
}

// With how many values columns could not hold, by the column.
using DescribedInfo = std::pair<catalog::Info, std::map<std::string, uint64_t>>;

using Settings = std::map<std::string, std::string>;

// The members of io::S3Settings by name; `anonymous` by being there.
io::S3Settings S3SettingsOf(const Settings& named) {
  io::S3Settings settings;
  for (const auto& [name, member] : std::initializer_list<std::pair<const char*, std::string*>>{
           {"endpoint", &settings.endpoint},
           {"region", &settings.region},
           {"access_key", &settings.access_key},
           {"secret_key", &settings.secret_key},
           {"session_token", &settings.session_token}}) {
    if (const auto found = named.find(name); found != named.end()) *member = found->second;
  }
  settings.anonymous = named.contains("anonymous");
  return settings;
}

catalog::Paths PathsFromBase(const std::string& base, const Settings& s3) {
  return ValueOrThrow([&] {
    nb::gil_scoped_release release;
    return catalog::Paths::FromBase(base, S3SettingsOf(s3));
  }());
}

void CheckCatalog(const catalog::Paths& paths) {
  Ask(paths, [](const Catalog&) -> Result<bool> { return true; });
}

nb::tuple GetGrid(const catalog::Paths& paths) {
  const auto grid = Ask(paths, [](const Catalog& catalog) { return catalog.Grid(); });
  return nb::make_tuple(grid.config.type, grid.config.resolution);
}

nb::dict GetInfo(const catalog::Paths& paths) {
  const auto [info, overflowed] = Ask(paths, [](const Catalog& catalog) -> Result<DescribedInfo> {
    ARROW_ASSIGN_OR_RAISE(catalog::Info totals, catalog.GetInfo());
    return DescribedInfo{std::move(totals), ingest::FindOverflowed(catalog.table())};
  });
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
  values["grid_max_cells"] = info.grid_max_cells;
  values["overflowed"] = overflowed;
  return values;
}

nb::list GetStats(const catalog::Paths& paths) {
  nb::list partitions;
  for (const auto& stats : Ask(paths, [](const Catalog& catalog) { return catalog.Stats(); })) {
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

// As JSON text, which is how the command prints it, too.
std::string GetLayout(const catalog::Paths& paths) {
  return Ask(paths, [](const Catalog& catalog) -> Result<std::string> {
    ARROW_ASSIGN_OR_RAISE(const maintain::Layout layout, maintain::DescribeLayout(catalog));
    return maintain::LayoutToJson(layout);
  });
}

}  // namespace

void BindCatalog(nb::module_& module) {
  nb::class_<catalog::Paths>(module, "Paths")
      .def(
          "__init__",
          [](catalog::Paths* self, std::string db_path, std::string warehouse, const Settings& s3) {
            new (self) catalog::Paths{std::move(db_path), std::move(warehouse), S3SettingsOf(s3)};
          },
          nb::arg("db_path"), nb::arg("warehouse"), nb::arg("s3"))
      .def_static("from_base", &PathsFromBase, nb::arg("base"), nb::arg("s3"))
      .def_ro("db_path", &catalog::Paths::db_path)
      .def_ro("warehouse", &catalog::Paths::warehouse);
  module.def("check_catalog", &CheckCatalog, nb::arg("paths"));
  module.def("catalog_grid", &GetGrid, nb::arg("paths"));
  module.def("catalog_info", &GetInfo, nb::arg("paths"));
  module.def("catalog_stats", &GetStats, nb::arg("paths"));
  module.def("catalog_layout", &GetLayout, nb::arg("paths"));
}

}  // namespace earthcatalog::python
