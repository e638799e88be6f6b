// Decoded manifests, kept for the next search. They never change under their name, so neither does what is
// kept of them.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "earthcatalog/iceberg/column_ranges.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/iceberg/manifest_list.h"

namespace earthcatalog::iceberg {

// A live file, without its maps by column.
struct PlannedFile {
  DataFile file;
  ColumnRanges ranges;
};

// In the manifest's order.
using DecodedManifest = std::vector<PlannedFile>;

// Any number of threads, and of tables. Whoever holds what was found may go on to when it is no longer kept.
class ManifestCache {
 public:
  // `max_bytes`: of memory, about; the manifests that were not asked for longest go first. A file takes some
  // 800 bytes.
  explicit ManifestCache(int64_t max_bytes) : max_bytes_(max_bytes) {}

  // Null when it is not kept.
  std::shared_ptr<const DecodedManifest> Find(const std::string& path);
  void Add(const std::string& path, std::shared_ptr<const DecodedManifest> manifest);

  // Of lists only the last one is kept, beyond `max_bytes`.
  std::shared_ptr<const std::vector<ManifestFile>> FindList(const std::string& path);
  void AddList(const std::string& path, std::shared_ptr<const std::vector<ManifestFile>> list);

  int64_t bytes() const;

 private:
  struct Kept {
    std::string path;
    std::shared_ptr<const DecodedManifest> manifest;
    int64_t bytes;
  };

  const int64_t max_bytes_;
  mutable std::mutex mutex_;
  std::list<Kept> kept_;  // what was asked for last comes first
  std::unordered_map<std::string, std::list<Kept>::iterator> by_path_;
  int64_t bytes_ = 0;
  std::string list_path_;
  std::shared_ptr<const std::vector<ManifestFile>> list_;
};

}  // namespace earthcatalog::iceberg
