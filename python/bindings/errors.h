// From the core's Status to Python's exceptions.
#pragma once

#include <utility>

#include "earthcatalog/base/status.h"

namespace earthcatalog::python {

// Returns when `status` is OK. Otherwise throws the Python exception of its kind: ValueError (usage),
// FileNotFoundError, KeyboardInterrupt, earthcatalog.CatalogLocked, else earthcatalog.EarthCatalogError.
// Needs the GIL.
void ThrowIfError(const Status& status);

template <typename T>
T ValueOrThrow(Result<T> result) {
  ThrowIfError(result.status());
  return std::move(result).ValueUnsafe();
}

}  // namespace earthcatalog::python
