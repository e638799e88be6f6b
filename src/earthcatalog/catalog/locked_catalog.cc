#include "earthcatalog/catalog/locked_catalog.h"

namespace earthcatalog::catalog {

Result<LockedCatalog> OpenLocked(const Paths& paths, const std::string& owner) {
  ARROW_ASSIGN_OR_RAISE(const io::Location base, paths.LockFolder());
  ARROW_RETURN_NOT_OK(Catalog::Open(paths).status());  // before the lock is made
  LockedCatalog locked;
  ARROW_ASSIGN_OR_RAISE(locked.lock, Lock::Acquire(base, owner));
  ARROW_ASSIGN_OR_RAISE(locked.catalog, Catalog::Open(paths));
  return locked;
}

}  // namespace earthcatalog::catalog
