// A catalog that is nowhere: for a table that no catalog names, or that is to appear in one as a whole.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::iceberg {

// Points to a metadata document in this process alone. What tables commit with it is in files, but in no
// catalog: the caller registers the last location, when all is ready, in the one that others see. One thread
// at a time.
class DetachedCatalog : public CatalogStore {
 public:
  DetachedCatalog() = default;
  explicit DetachedCatalog(std::string location) : location_(std::move(location)) {}

  Result<std::optional<std::string>> CurrentMetadata() override { return location_; }
  Status Create(const std::string& metadata_location) override {
    return Point(!location_, metadata_location);
  }
  Status Swap(const std::string& expected, const std::string& metadata_location) override {
    return Point(location_ == expected, metadata_location);
  }

 private:
  Status Point(bool as_expected, const std::string& metadata_location) {
    if (!as_expected) return MakeError(ErrorKind::kCommitConflict, "the table has changed");
    location_ = metadata_location;
    return Status::OK();
  }

  std::optional<std::string> location_;
};

}  // namespace earthcatalog::iceberg
