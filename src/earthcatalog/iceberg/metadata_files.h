// The files that metadata is made of: reading them, and writing new ones that a failed commit takes back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/iceberg/manifest_list.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::iceberg {

// A file that the table names. A missing one is kCorrupt: the table is not whole.
Result<std::string> ReadTableFile(const std::string& uri, const io::S3Settings& s3);

// The rows of a snapshot's manifest list. Errors name it. Its length is added to `bytes_read`, when given.
Result<std::vector<ManifestFile>> ReadManifestList(const std::string& uri, const io::S3Settings& s3,
                                                   int64_t* bytes_read = nullptr);

// Files written for a commit. Those that are not kept are deleted with this object.
class NewFiles {
 public:
  // `folder`: where the files go, a URI without a slash at its end.
  static Result<NewFiles> In(const std::string& folder, const io::S3Settings& s3);
  NewFiles(NewFiles&& other) noexcept = default;
  NewFiles& operator=(NewFiles&&) = delete;
  ~NewFiles() { DeleteAfter(0); }

  // Returns the file's URI.
  Result<std::string> Write(const std::string& name, std::string_view bytes);

  // Everything written so far is on the disk afterwards.
  Status Sync() const { return io::SyncToDisk(folder_); }

  const io::S3Settings& s3() const { return folder_.s3; }
  size_t count() const { return files_.size(); }
  // Deletes the files beyond the first `count`. Failures are ignored: what stays is named by nothing.
  void DeleteAfter(size_t count);
  void Keep() { files_.clear(); }

 private:
  explicit NewFiles(io::Location folder) : folder_(std::move(folder)) {}

  io::Location folder_;
  std::vector<io::Location> files_;
};

// Names in the form other engines give them. Versions count from 0.
std::string NewMetadataName(const std::string& previous_location);
std::string NewManifestListName(int64_t snapshot_id, int attempt, const std::string& commit_uuid);
std::string NewManifestName(const std::string& commit_uuid, int number);

}  // namespace earthcatalog::iceberg
