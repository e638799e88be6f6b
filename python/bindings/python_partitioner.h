// A grid that is the user's own Python class.
#pragma once

#include <nanobind/nanobind.h>

#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::python {

// Asks an earthcatalog.partitioner.AbstractPartitioner, one batch after the other: Assign takes the GIL, so
// it may be called on any thread that is not holding it. Names become ids in the order in which they turn up.
//
// An answer that is no list of names rejects its item alone. An exception is kept, and makes Assign fail from
// then on: so the run ends, and who started it calls ThrowIfRaised.
class PythonPartitioner final : public grid::Partitioner {
 public:
  // With the GIL; it must be destroyed with it, too.
  explicit PythonPartitioner(nanobind::object partitioner);

  Result<grid::CellAssignments> Assign(const arrow::BinaryArray& geometry,
                                       const arrow::StructArray* bbox) const override;
  std::string Name(grid::CellId cell) const override;
  std::string type() const override { return grid::kCustomType; }
  std::optional<int> resolution() const override { return std::nullopt; }

  // The class's name, without its module: that may be `__main__` today.
  const std::string& class_name() const { return class_name_; }

  // Throws the first exception of the user's code, if there was one. With the GIL.
  void ThrowIfRaised() const;

 private:
  nanobind::object Ask(const nanobind::list& geometries) const;
  // Why the answer names no cells; otherwise appends the cells, sorted and distinct, to `cells`.
  std::optional<std::string> Append(nanobind::handle answer, std::vector<grid::CellId>* cells) const;
  grid::CellId IdOf(std::string_view name) const;

  const nanobind::object partitioner_;
  std::string class_name_;
  mutable std::mutex mutex_;  // never held while waiting for the GIL
  mutable std::unordered_map<std::string, grid::CellId> ids_;
  mutable std::vector<const std::string*> names_;  // keys of ids_; by id - 1
  mutable std::exception_ptr raised_;              // guarded by the GIL
};

}  // namespace earthcatalog::python
