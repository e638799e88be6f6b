// earthcatalog._core: the native core as the Python package sees it. _core.pyi documents it.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "bind.h"
#include "earthcatalog/cli/main.h"

namespace nb = nanobind;

namespace {

// The command line program; `arguments` begins with the program's name.
int RunProgram(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  nb::gil_scoped_release release;
  return earthcatalog::cli::Main(static_cast<int>(arguments.size()), argv.data());
}

}  // namespace

NB_MODULE(_core, module) {
  module.def("main", &RunProgram, nb::arg("arguments"));
  earthcatalog::python::BindGrid(module);
  earthcatalog::python::BindCatalog(module);
  earthcatalog::python::BindLock(module);
  earthcatalog::python::BindHashIndex(module);
  earthcatalog::python::BindItems(module);
  earthcatalog::python::BindIncremental(module);
  earthcatalog::python::BindMaintain(module);
  earthcatalog::python::BindRegisterAndCheck(module);
}
