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
  // The file `object`, or a new one when it is missing and `create` is set. `local_copy`, when given, becomes
  // what the object is, now and after each change; where there is no object yet but a copy, the object
  // begins as that. kNotFound when there is neither and nothing is to be made; kCorrupt when the file is no
  // catalog.
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
  StoredCatalog(io::ConditionalObject object, std::optional<io::Location> local_copy)
      : object_(std::move(object)), local_copy_(std::move(local_copy)) {}

  // Reads the object when it has changed.
  Status Refresh();
  Status UpdateLocalCopy() const;
  template <typename Change>
  Status Commit(Change change);

  const io::ConditionalObject object_;
  const std::optional<io::Location> local_copy_;
  std::string bytes_;                // of the file; empty: a new one
  std::optional<std::string> etag_;  // of the object with these bytes; nothing: there is none
};

}  // namespace earthcatalog::catalog
