// Where the parts of a catalogue lie.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::catalog {

// As users write them.
struct Paths {
  std::string db_path;     // the SQLite file: a path, or a file: or s3: URI
  std::string warehouse;   // a directory, likewise
  io::S3Settings s3 = {};  // of this catalogue, whatever else the process does in S3

  // <base>/earthcatalog.db (an existing <base>/catalog.db is found too) and <base>/warehouse.
  static Result<Paths> FromBase(const std::string& base, const io::S3Settings& s3 = {});

  // The folder that catalog::Lock locks for writers: the one the warehouse lies in.
  Result<io::Location> LockFolder() const;
};

// The same, as what a catalogue needs of them.
struct Places {
  // Where the catalog file is kept for all. With a warehouse in S3 and a local db_path, that is the one in
  // the warehouse's base, and the local file a copy of it.
  io::Location db;
  std::optional<io::Location> local_copy;
  io::Location warehouse;

  // May ask S3 which of the two names of a catalog file is there. Usage errors: a catalog in S3 for a local
  // warehouse, which others could not read; a warehouse that is a whole bucket.
  static Result<Places> Of(const Paths& paths);

  // kNotFound when there is no catalog file, nor a local copy that one in S3 would begin as.
  Status CheckCatalogExists() const;

  // kNotFound when there is no catalog file and `create` is not set.
  Result<std::shared_ptr<iceberg::CatalogStore>> OpenStore(bool create) const;
};

}  // namespace earthcatalog::catalog
