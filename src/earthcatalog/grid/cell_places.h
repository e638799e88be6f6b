// Where cells lie with respect to a polygon.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace earthcatalog::grid {

enum class Place : uint8_t { kUnknown, kOnEdge, kInside, kOutside };

// A map from cells to places: open addressing, reused from item to item so that the hot path does not
// allocate.
class CellPlaces {
 public:
  void Clear() {
    // A table that one huge footprint left behind would have to be wiped for every small one after it.
    if (slots_.size() > kLargestKept) slots_ = std::vector<Slot>(kFirstSize);
    std::fill(slots_.begin(), slots_.end(), Slot{});
    size_ = 0;
  }

  // Unknown for a cell not met before. The reference is valid until the next call.
  Place& operator[](uint64_t cell) {
    if (2 * (size_ + 1) > slots_.size()) Grow();
    Slot& slot = Find(cell);
    if (slot.cell == 0) {
      slot.cell = cell;
      ++size_;
    }
    return slot.place;
  }

  // The same without adding the cell.
  Place Look(uint64_t cell) { return Find(cell).place; }

 private:
  struct Slot {
    uint64_t cell = 0;  // 0 is no cell
    Place place = Place::kUnknown;
  };
  static constexpr size_t kFirstSize = 128;
  static constexpr size_t kLargestKept = 4096;

  Slot& Find(uint64_t cell) {
    const size_t mask = slots_.size() - 1;
    size_t at = static_cast<size_t>(cell * 0x9E3779B97F4A7C15u >> 32) & mask;
    while (slots_[at].cell != 0 && slots_[at].cell != cell) at = (at + 1) & mask;
    return slots_[at];
  }

  void Grow() {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    for (const Slot& slot : old)
      if (slot.cell != 0) Find(slot.cell) = slot;
  }

  size_t size_ = 0;
  std::vector<Slot> slots_ = std::vector<Slot>(kFirstSize);  // a power of two
};

}  // namespace earthcatalog::grid
