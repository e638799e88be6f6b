#include "errors.h"

#include <nanobind/nanobind.h>

namespace earthcatalog::python {

namespace nb = nanobind;

namespace {

nb::object ExceptionType(std::optional<ErrorKind> kind) {
  if (kind == ErrorKind::kUsage) return nb::borrow(PyExc_ValueError);
  if (kind == ErrorKind::kNotFound) return nb::borrow(PyExc_FileNotFoundError);
  if (kind == ErrorKind::kInterrupted) return nb::borrow(PyExc_KeyboardInterrupt);
  const char* name = kind == ErrorKind::kLocked ? "CatalogLocked" : "EarthCatalogError";
  return nb::module_::import_("earthcatalog._errors").attr(name);
}

}  // namespace

void ThrowIfError(const Status& status) {
  if (status.ok()) return;
  PyErr_SetString(ExceptionType(KindOf(status)).ptr(), status.message().c_str());
  throw nb::python_error();
}

}  // namespace earthcatalog::python
