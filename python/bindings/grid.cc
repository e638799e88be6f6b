#include <arrow/array/builder_binary.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bind.h"
#include "earthcatalog/grid/partitioner.h"
#include "errors.h"

namespace earthcatalog::python {

namespace nb = nanobind;

namespace {

// A grid's partitioner for one geometry at a time.
class Partitioner {
 public:
  explicit Partitioner(const grid::Config& config)
      : partitioner_(ValueOrThrow(grid::MakePartitioner(config))) {}

  std::vector<std::string> IntersectingKeys(const nb::bytes& wkb) const {
    return ValueOrThrow(Assign(std::string_view(wkb.c_str(), wkb.size())));
  }

 private:
  Result<std::vector<std::string>> Assign(std::string_view wkb) const {
    arrow::BinaryBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Append(wkb));
    std::shared_ptr<arrow::BinaryArray> geometry;
    ARROW_RETURN_NOT_OK(builder.Finish(&geometry));
    ARROW_ASSIGN_OR_RAISE(auto assignments, partitioner_->Assign(*geometry, nullptr));
    if (!assignments.rejected.empty()) return UsageError("{}", assignments.rejected.front().second);
    std::vector<std::string> names;
    for (grid::CellId cell : assignments.cells) names.push_back(partitioner_->Name(cell));
    return names;
  }

  std::shared_ptr<const grid::Partitioner> partitioner_;
};

}  // namespace

void BindGrid(nb::module_& module) {
  nb::class_<grid::Config>(module, "GridConfig")
      .def(
          "__init__",
          [](grid::Config* self, std::string type, std::optional<int> resolution, std::string boundaries_path,
             std::string id_field) {
            new (self)
                grid::Config{std::move(type), resolution, std::move(boundaries_path), std::move(id_field)};
          },
          nb::arg("grid_type"), nb::arg("resolution") = nb::none(), nb::arg("boundaries_path") = "",
          nb::arg("id_field") = "");
  nb::class_<Partitioner>(module, "Partitioner")
      .def(nb::init<const grid::Config&>(), nb::arg("config"))
      .def("intersecting_keys", &Partitioner::IntersectingKeys, nb::arg("wkb"));
}

}  // namespace earthcatalog::python
