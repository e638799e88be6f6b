#include "earthcatalog/iceberg/manifest_cache.h"

#include <utility>

namespace earthcatalog::iceberg {
namespace {

int64_t BytesOf(const std::string& text) {
  return text.capacity() > std::string().capacity() ? static_cast<int64_t>(text.capacity()) : 0;
}

int64_t BytesOf(const DecodedManifest& manifest) {
  auto bytes = static_cast<int64_t>(manifest.capacity() * sizeof(PlannedFile));
  for (const auto& [file, ranges] : manifest) {
    bytes += BytesOf(file.path) + BytesOf(file.partition.grid_partition.value_or(""));
    bytes += BytesOf(ranges.id.lower) + BytesOf(ranges.id.upper);
    bytes += static_cast<int64_t>(file.split_offsets.capacity() * sizeof(int64_t));
  }
  return bytes;
}

}  // namespace

std::shared_ptr<const DecodedManifest> ManifestCache::Find(const std::string& path) {
  std::lock_guard lock(mutex_);
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found->second);
  return found->second->manifest;
}

void ManifestCache::Add(const std::string& path, std::shared_ptr<const DecodedManifest> manifest) {
  const int64_t bytes = BytesOf(*manifest);
  std::lock_guard lock(mutex_);
  if (bytes > max_bytes_ || by_path_.contains(path)) return;
  kept_.push_front({path, std::move(manifest), bytes});
  by_path_[path] = kept_.begin();
  for (bytes_ += bytes; bytes_ > max_bytes_; kept_.pop_back()) {
    bytes_ -= kept_.back().bytes;
    by_path_.erase(kept_.back().path);
  }
}

std::shared_ptr<const std::vector<ManifestFile>> ManifestCache::FindList(const std::string& path) {
  std::lock_guard lock(mutex_);
  return path == list_path_ ? list_ : nullptr;
}

void ManifestCache::AddList(const std::string& path, std::shared_ptr<const std::vector<ManifestFile>> list) {
  std::lock_guard lock(mutex_);
  list_path_ = path;
  list_ = std::move(list);
}

int64_t ManifestCache::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace earthcatalog::iceberg
