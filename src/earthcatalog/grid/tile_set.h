// A growing set of tiles, reused from item to item so that the hot path does not allocate.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "earthcatalog/grid/face_lattice.h"

namespace earthcatalog::grid {

// Sorts and removes duplicates.
inline void MakeDistinct(std::vector<uint64_t>* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

// Tiles in the order they come, mostly the same one again and again.
class TileSet {
 public:
  // Holds a little more than `limit` tiles at most; see full().
  explicit TileSet(size_t limit) : limit_(limit) {}

  void Clear() {
    packed_.clear();
    sweep_at_ = kFirstSweep;
  }

  void Add(const Tile& tile) {
    const uint64_t packed = Pack(tile);
    if (!packed_.empty() && packed_.back() == packed) return;
    packed_.push_back(packed);
    if (packed_.size() >= sweep_at_) Sweep();
  }

  // More distinct tiles than the limit came; what is added from now on may be lost.
  bool full() const { return packed_.size() > 2 * limit_; }

  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const uint64_t packed : packed_) visit(Unpack(packed));
  }

 private:
  static constexpr size_t kFirstSweep = 256;
  static constexpr int32_t kOffset = 1 << 27;  // resolution 15 needs 23 bits
  static constexpr uint64_t kMask = (uint64_t{1} << 28) - 1;

  static uint64_t Pack(const Tile& tile) {
    return static_cast<uint64_t>(tile.face) << 56 | static_cast<uint64_t>(tile.i + kOffset) << 28 |
           static_cast<uint64_t>(tile.j + kOffset);
  }
  static Tile Unpack(uint64_t packed) {
    return {static_cast<int32_t>(packed >> 56), static_cast<int32_t>(packed >> 28 & kMask) - kOffset,
            static_cast<int32_t>(packed & kMask) - kOffset};
  }

  // The next sweep comes when the set has doubled, so all of them together cost no more than one sort.
  void Sweep() {
    MakeDistinct(&packed_);
    sweep_at_ = std::max(kFirstSweep, 2 * packed_.size());
  }

  size_t limit_;
  size_t sweep_at_ = kFirstSweep;
  std::vector<uint64_t> packed_;
};

}  // namespace earthcatalog::grid
