// A catalog that nobody else changes meanwhile, as long as they heed the lock.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/lock.h"

namespace earthcatalog::catalog {

struct LockedCatalog {
  std::unique_ptr<Lock> lock;  // outlives the catalog
  std::unique_ptr<Catalog> catalog;
};

// Takes the lock, and opens the catalog as it is then. `owner`: who is said to hold it. Where there is no
// table, no lock is made. Errors are those of Catalog::Open() and Lock::Acquire().
Result<LockedCatalog> OpenLocked(const Paths& paths, const std::string& owner);

}  // namespace earthcatalog::catalog
