#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string>
#include <utility>

#include "bind.h"
#include "earthcatalog/maintain/check.h"
#include "earthcatalog/maintain/register.h"
#include "job.h"

namespace earthcatalog::python {

namespace nb = nanobind;

namespace {

// Both give the report as JSON text, which is how the commands print it, too.
std::string CheckTable(const catalog::Paths& paths, bool deep) {
  maintain::CheckReport report;
  RunJob(
      [&](const ProgressCallback&, CancelSource* cancel) -> Status {
        ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(paths));
        return maintain::Check(*catalog, deep, *cancel, &report);
      },
      nb::none());
  return maintain::CheckReportToJson(report);
}

std::string RegisterTable(const catalog::Paths& paths, std::optional<grid::Config> grid, bool dry_run) {
  const maintain::RegisterOptions options{paths, std::move(grid), dry_run};
  maintain::RegisterReport report;
  RunJob([&](const ProgressCallback&,
             CancelSource* cancel) { return maintain::Register(options, *cancel, &report); },
         nb::none());
  return maintain::RegisterReportToJson(report);
}

}  // namespace

void BindRegisterAndCheck(nb::module_& module) {
  module.def("check_table", &CheckTable, nb::arg("paths"), nb::arg("deep"));
  module.def("register_table", &RegisterTable, nb::arg("paths"), nb::arg("grid").none(), nb::arg("dry_run"));
}

}  // namespace earthcatalog::python
