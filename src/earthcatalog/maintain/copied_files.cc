#include "earthcatalog/maintain/copied_files.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/maintain/stored_file.h"

namespace earthcatalog::maintain {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;

using Hash = std::pair<uint64_t, uint64_t>;

Result<Hash> HashOf(const io::Location& warehouse, const std::string& uri, const CancelSource& cancel) {
  ARROW_ASSIGN_OR_RAISE(const io::Location location, warehouse.Other(uri));
  ARROW_ASSIGN_OR_RAISE(const auto file, io::OpenFile(location));
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  for (int64_t at = 0;; at += kPieceBytes) {
    ARROW_RETURN_NOT_OK(cancel.status());
    ARROW_ASSIGN_OR_RAISE(const auto bytes, file->ReadAt(at, kPieceBytes));
    XXH3_128bits_update(&state, bytes->data(), static_cast<size_t>(bytes->size()));
    if (bytes->size() < kPieceBytes) break;
  }
  const XXH128_hash_t hash = XXH3_128bits_digest(&state);
  return Hash(hash.low64, hash.high64);
}

// Those that could be copies of each other, without those that have nobody alike.
std::vector<std::vector<size_t>> Groups(const std::vector<ComparedFile>& files) {
  std::map<std::tuple<iceberg::Partition, int64_t, int64_t>, std::vector<size_t>> alike;
  for (size_t i = 0; i < files.size(); ++i) {
    alike[{files[i].partition, files[i].bytes, files[i].rows}].push_back(i);
  }
  std::vector<std::vector<size_t>> groups;
  for (auto& [key, group] : alike) {
    const auto stays = [&](size_t file) { return files[file].stays; };
    if (group.size() == 1 || std::all_of(group.begin(), group.end(), stays)) continue;
    std::stable_partition(group.begin(), group.end(), stays);
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace

Result<std::vector<std::optional<size_t>>> FindCopies(const io::Location& warehouse,
                                                      const std::vector<ComparedFile>& files,
                                                      const CancelSource& cancel) {
  std::vector<std::optional<size_t>> copies(files.size());
  for (const std::vector<size_t>& group : Groups(files)) {
    std::vector<Hash> hashes(group.size());
    ARROW_RETURN_NOT_OK(ParallelFor(group.size(), FilesAtOnce(warehouse), cancel, [&](size_t i, int) {
      return HashOf(warehouse, files[group[i]].uri, cancel).Value(&hashes[i]);
    }));
    std::map<Hash, size_t> first;
    for (size_t i = 0; i < group.size(); ++i) {
      const auto [known, is_new] = first.emplace(hashes[i], group[i]);
      if (!is_new && !files[group[i]].stays) copies[group[i]] = known->second;
    }
  }
  return copies;
}

}  // namespace earthcatalog::maintain
