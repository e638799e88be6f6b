// A small file that readers look at first, since it says where all else is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/io/location.h"

namespace earthcatalog::io {

// One version of the file, as it was read, and the way to the next one. One thread at a time.
class PointerFile {
 public:
  // Whether it is there or not.
  static Result<PointerFile> Read(const Location& folder, std::string_view name);

  // Nothing when there was no file.
  const std::optional<std::string>& bytes() const { return bytes_; }

  // Once. Readers see the old bytes or the new ones, all of them. On a local disk everything that was written
  // below the folder before is on the disk when the new ones appear. In S3 they replace only the version that
  // was read: kCommitConflict when another one is there, kCommitUnknown when nobody can tell.
  Status Replace(std::string_view bytes) const;

 private:
  PointerFile(Location folder, Location file) : folder_(std::move(folder)), file_(std::move(file)) {}

  Location folder_;
  Location file_;
  std::optional<std::string> bytes_;
  std::optional<std::string> etag_;  // in S3
};

}  // namespace earthcatalog::io
