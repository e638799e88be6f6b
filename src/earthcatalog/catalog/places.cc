#include "earthcatalog/catalog/places.h"

#include <filesystem>

#include "earthcatalog/catalog/stored_catalog.h"
#include "earthcatalog/iceberg/sqlite_catalog.h"

namespace earthcatalog::catalog {
namespace {

constexpr char kDbName[] = "earthcatalog.db";
constexpr char kOlderDbName[] = "catalog.db";

Result<bool> Exists(const io::Location& file) {
  if (file.local) {
    std::error_code ignored;
    return std::filesystem::exists(file.path, ignored);
  }
  ARROW_ASSIGN_OR_RAISE(const auto object, io::ConditionalObject::At(file));
  ARROW_ASSIGN_OR_RAISE(const auto etag, object.Head());
  return etag.has_value();
}

Result<io::Location> FindDb(const io::Location& base) {
  io::Location db = base.Join(kDbName);
  ARROW_ASSIGN_OR_RAISE(const bool exists, Exists(db));
  if (exists) return db;
  io::Location older = base.Join(kOlderDbName);
  ARROW_ASSIGN_OR_RAISE(const bool older_exists, Exists(older));
  return older_exists ? older : db;
}

Result<io::Location> BaseOf(const io::Location& warehouse) {
  const std::string& name = warehouse.name();
  const size_t slash = name.rfind('/');
  const bool has_parent = warehouse.local || slash > name.find("://") + 2;
  if (!has_parent) {
    return UsageError(
        "the warehouse {} is a whole bucket: give a folder in it, since other files lie beside it",
        io::NameForMessages(warehouse.uri));
  }
  return warehouse.Other(name.substr(0, std::max<size_t>(slash, 1)));
}

}  // namespace

Result<Paths> Paths::FromBase(const std::string& base, const io::S3Settings& s3) {
  ARROW_ASSIGN_OR_RAISE(const io::Location location, io::Resolve(base, s3));
  std::error_code no_file;
  if (location.local && std::filesystem::is_regular_file(location.path, no_file)) {
    return UsageError("{} is a file: give the folder it lies in, or option `catalog` and option `warehouse`",
                      io::NameForMessages(base));
  }
  ARROW_ASSIGN_OR_RAISE(const io::Location db, FindDb(location));
  const io::Location warehouse = location.Join("warehouse");
  if (location.local) return Paths{db.path, warehouse.path, s3};
  return Paths{db.uri, warehouse.uri, s3};
}

Result<io::Location> Paths::LockFolder() const {
  ARROW_ASSIGN_OR_RAISE(const io::Location place, io::Resolve(warehouse, s3));
  return BaseOf(place);
}

Result<Places> Places::Of(const Paths& paths) {
  Places places;
  ARROW_ASSIGN_OR_RAISE(places.db, io::Resolve(paths.db_path, paths.s3));
  ARROW_ASSIGN_OR_RAISE(places.warehouse, io::Resolve(paths.warehouse, paths.s3));
  if (!places.db.local && places.warehouse.local) {
    return UsageError("a catalog in object storage needs its warehouse there, too: {} is local",
                      io::NameForMessages(paths.warehouse));
  }
  if (!places.db.local && !places.db.in_s3()) {
    return UsageError(
        "{}: a catalog file needs conditional writes, which only S3 has here; give a local file",
        io::NameForMessages(paths.db_path));
  }
  if (places.warehouse.local) return places;
  ARROW_ASSIGN_OR_RAISE(const io::Location base, BaseOf(places.warehouse));
  if (places.db.local && base.in_s3()) {
    places.local_copy = places.db;
    ARROW_ASSIGN_OR_RAISE(places.db, FindDb(base));
  }
  return places;
}

Status Places::CheckCatalogExists() const {
  ARROW_ASSIGN_OR_RAISE(bool exists, Exists(db));
  if (!exists && local_copy) {
    ARROW_ASSIGN_OR_RAISE(exists, Exists(*local_copy));
  }
  return exists ? Status::OK() : NotFoundError("there is no catalog {}", io::NameForMessages(db.name()));
}

Result<std::shared_ptr<iceberg::CatalogStore>> Places::OpenStore(bool create) const {
  if (db.local) return iceberg::OpenSqliteCatalog(db.path, create);
  return StoredCatalog::Open(db, local_copy, create);
}

}  // namespace earthcatalog::catalog
