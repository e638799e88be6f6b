// The parts of the extension module, one per file.
#pragma once

#include <nanobind/nanobind.h>

namespace earthcatalog::python {

void BindGrid(nanobind::module_& module);
void BindCatalog(nanobind::module_& module);
void BindLock(nanobind::module_& module);
void BindHashIndex(nanobind::module_& module);
void BindItems(nanobind::module_& module);
void BindIncremental(nanobind::module_& module);
void BindMaintain(nanobind::module_& module);
void BindRegisterAndCheck(nanobind::module_& module);

}  // namespace earthcatalog::python
