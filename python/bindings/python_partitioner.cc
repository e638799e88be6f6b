#include "python_partitioner.h"

#include <arrow/array.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/grid/cell_name.h"

namespace earthcatalog::python {

namespace nb = nanobind;

namespace {

// The value as a message shows it; its own repr may fail.
std::string Show(nb::handle value) {
  try {
    return OneLine(nb::cast<std::string>(nb::repr(value)), 80);
  } catch (const std::exception&) {
    return "something that cannot be shown";
  }
}

// Not every str is Unicode text.
std::optional<std::string_view> TextOf(nb::handle text) {
  Py_ssize_t length = 0;
  const char* bytes = PyUnicode_AsUTF8AndSize(text.ptr(), &length);
  if (bytes != nullptr) return std::string_view(bytes, static_cast<size_t>(length));
  PyErr_Clear();
  return std::nullopt;
}

}  // namespace

PythonPartitioner::PythonPartitioner(nb::object partitioner)
    : partitioner_(std::move(partitioner)),
      class_name_(nb::cast<std::string>(partitioner_.type().attr("__name__"))) {}

Result<grid::CellAssignments> PythonPartitioner::Assign(const arrow::BinaryArray& geometry,
                                                        const arrow::StructArray*) const {
  const nb::gil_scoped_acquire gil;
  try {
    if (raised_ != nullptr) std::rethrow_exception(raised_);
    nb::list geometries;
    for (int64_t row = 0; row < geometry.length(); ++row) {
      if (geometry.IsNull(row)) continue;
      const std::string_view wkb = geometry.GetView(row);
      geometries.append(nb::bytes(wkb.data(), wkb.size()));
    }
    const nb::object answers = Ask(geometries);
    grid::CellAssignments assignments{{0}, {}, {}};
    size_t next = 0;
    for (int64_t row = 0; row < geometry.length(); ++row) {
      const size_t before = assignments.cells.size();
      if (!geometry.IsNull(row)) {
        const auto why = Append(answers[next++], &assignments.cells);
        if (why)
          assignments.rejected.push_back({static_cast<uint32_t>(row), "bad_cells",
                                          fmt::format("the partitioner {} {}", class_name_, *why)});
      }
      if (assignments.cells.size() == before) assignments.cells.push_back(grid::kNoCell);
      assignments.offsets.push_back(static_cast<uint32_t>(assignments.cells.size()));
    }
    return assignments;
  } catch (const std::exception& error) {
    if (raised_ == nullptr) raised_ = std::current_exception();
    return FailedError("the partitioner {} raised an exception: {}", class_name_, OneLine(error.what()));
  }
}

// One answer for each geometry.
nb::object PythonPartitioner::Ask(const nb::list& geometries) const {
  if (geometries.size() == 0) return nb::list();
  nb::object answers = partitioner_.attr("get_intersecting_keys_batch")(geometries);
  if (!nb::isinstance<nb::list>(answers))
    throw nb::type_error(fmt::format("{}.get_intersecting_keys_batch returned no list of lists but {}",
                                     class_name_, Show(answers))
                             .c_str());
  if (nb::len(answers) != geometries.size())
    throw nb::value_error(fmt::format("{}.get_intersecting_keys_batch returned {} lists for {} geometries",
                                      class_name_, nb::len(answers), geometries.size())
                              .c_str());
  return answers;
}

std::optional<std::string> PythonPartitioner::Append(nb::handle answer,
                                                     std::vector<grid::CellId>* cells) const {
  if (!nb::isinstance<nb::list>(answer)) return fmt::format("returned no list of names but {}", Show(answer));
  std::vector<grid::CellId> named;
  for (const nb::handle name : nb::borrow<nb::list>(answer)) {
    if (!nb::isinstance<nb::str>(name)) return fmt::format("returned a name that is no str: {}", Show(name));
    const auto text = TextOf(name);
    if (!text) return fmt::format("returned the name {}, which is not Unicode text", Show(name));
    if (*text == grid::kNoCellName) continue;
    if (const auto why = grid::WhyNotACellName(*text))
      return fmt::format("returned the name '{}', which {}", OneLine(*text), *why);
    named.push_back(IdOf(*text));
  }
  std::ranges::sort(named);
  named.erase(std::unique(named.begin(), named.end()), named.end());
  cells->insert(cells->end(), named.begin(), named.end());
  return std::nullopt;
}

grid::CellId PythonPartitioner::IdOf(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto [found, added] = ids_.try_emplace(std::string(name), names_.size() + 1);
  if (added) names_.push_back(&found->first);
  return found->second;
}

std::string PythonPartitioner::Name(grid::CellId cell) const {
  if (cell == grid::kNoCell) return grid::kNoCellName;
  std::lock_guard lock(mutex_);
  return *names_[static_cast<size_t>(cell) - 1];
}

void PythonPartitioner::ThrowIfRaised() const {
  if (raised_ != nullptr) std::rethrow_exception(raised_);
}

}  // namespace earthcatalog::python
