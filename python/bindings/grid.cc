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

using Names = std::vector<std::string>;

template <typename Work>
auto WithoutGil(Work work) {
  nb::gil_scoped_release release;
  return work();
}

// A grid's partitioner. Threads may share it.
class Partitioner {
 public:
  explicit Partitioner(const grid::Config& config)
      : partitioner_(ValueOrThrow(WithoutGil([&] { return grid::MakePartitioner(config); }))) {}

  std::vector<Names> IntersectingKeys(const std::vector<nb::bytes>& wkbs) const {
    arrow::BinaryBuilder builder;
    for (const nb::bytes& wkb : wkbs) ThrowIfError(builder.Append(std::string_view(wkb.c_str(), wkb.size())));
    std::shared_ptr<arrow::BinaryArray> geometry;
    ThrowIfError(builder.Finish(&geometry));
    return ValueOrThrow(WithoutGil([&] { return NamesOf(*geometry); }));
  }

 private:
  Result<std::vector<Names>> NamesOf(const arrow::BinaryArray& geometry) const {
    ARROW_ASSIGN_OR_RAISE(const auto assignments, partitioner_->Assign(geometry, nullptr));
    if (!assignments.rejected.empty()) return UsageError("{}", assignments.rejected.front().reason);
    std::vector<Names> names(assignments.offsets.size() - 1);
    for (size_t i = 0; i < names.size(); ++i) {
      for (uint32_t c = assignments.offsets[i]; c < assignments.offsets[i + 1]; ++c)
        names[i].push_back(partitioner_->Name(assignments.cells[c]));
    }
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
             std::string id_field, std::optional<int64_t> max_cells) {
            new (self) grid::Config{.type = std::move(type),
                                    .resolution = resolution,
                                    .boundaries_path = std::move(boundaries_path),
                                    .id_field = std::move(id_field),
                                    .max_cells = max_cells};
          },
          nb::arg("grid_type"), nb::arg("resolution") = nb::none(), nb::arg("boundaries_path") = "",
          nb::arg("id_field") = "", nb::arg("max_cells") = nb::none());
  nb::class_<Partitioner>(module, "Partitioner")
      .def(nb::init<const grid::Config&>(), nb::arg("config"))
      .def("intersecting_keys", &Partitioner::IntersectingKeys, nb::arg("wkbs"));
}

}  // namespace earthcatalog::python
