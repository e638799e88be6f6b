// The catalog file in S3: read into memory, changed there, and written back only over the version that was
// read, so that no writer's change is lost.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/io/conditional_object.h"

namespace earthcatalog::catalog {

class StoredCatalog : public iceberg::CatalogStore {
 public:
  // The file `object`, or a new one when it is missing and `create` is set. With `create`, `local_copy`, when
  // given, becomes what the object is, now and after each change, and where there is no object yet but a
  // copy, the object begins as that; who only reads does not touch it. kNotFound when there is nothing to
  // read; kCorrupt when the file is no catalog; a usage error when the local file is another table's catalog,
  // or, with `create`, when the server ignores conditions (Create() looks, too).
  static Result<std::shared_ptr<StoredCatalog>> Open(const io::Location& object,
                                                     std::optional<io::Location> local_copy, bool create,
                                                     const io::S3RetryPolicy& policy = {});

  // Each asks whether the object has changed.
  Result<std::optional<std::string>> CurrentMetadata() override;
  // Others' changes of the file that leave the table alone are kept: then it is read and written again.
  // kCommitUnknown when the object may have been written, or may still be.
  Status Create(const std::string& metadata_location) override;
  Status Swap(const std::string& expected, const std::string& metadata_location) override;

 private:
  explicit StoredCatalog(io::ConditionalObject object) : object_(std::move(object)) {}

  // Reads the object when it has changed.
  Status Refresh();
  Status BeginLocalCopy();
  Status UpdateLocalCopy() const;
  template <typename Change>
  Status Commit(Change change);

  const io::ConditionalObject object_;
  std::optional<io::Location> local_copy_;  // only of who writes
  std::string bytes_;                       // of the file; empty: a new one
  std::optional<std::string> etag_;         // of the object with these bytes; nothing: there is none
};

}  // namespace earthcatalog::catalog
