// The SQLite catalog, as PyIceberg's SqlCatalog and Java's JdbcCatalog (schema V1; V0 is opened too) keep it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::iceberg {

struct TableName {
  std::string catalog = "earthcatalog";
  std::string space = "earthcatalog";
  std::string table = "stac_items";
};

// Opens `db_path`, making the file and its tables when `create` is set. Errors: kNotFound for a missing file
// without `create`; kCorrupt for a file that is no SQLite database; a directory; an unwritable folder: each
// one clear line. One thread at a time; several processes may hold the same file.
Result<std::shared_ptr<CatalogStore>> OpenSqliteCatalog(const std::string& db_path, bool create,
                                                        const TableName& name = {});

// Deletes a catalog file that no other table is in, and of this one at most a metadata location of which
// `is_unused` says so. What others commit meanwhile comes before, and is looked at, or fails. False: it
// stays.
Result<bool> RemoveUnusedSqliteCatalog(const std::string& db_path,
                                       const std::function<bool(const std::string&)>& is_unused);

// The catalog in a SQLite file that is held in memory, for where files cannot be changed in place.
class SqliteImage {
 public:
  virtual ~SqliteImage() = default;
  virtual CatalogStore& store() = 0;
  // The whole file as it is now.
  virtual Result<std::string> ToBytes() const = 0;
};

// Of the file's bytes, or of none for a new one; makes its tables when `create` is set. `path` is its name in
// errors, which are those of OpenSqliteCatalog.
Result<std::unique_ptr<SqliteImage>> OpenSqliteImage(const std::string& path, std::string bytes, bool create,
                                                     const TableName& name = {});

}  // namespace earthcatalog::iceberg
