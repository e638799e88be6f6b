// Streams of records for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "earthcatalog/keys/record.h"

namespace earthcatalog::keys {

// Gives sorted records in blocks of random sizes. Notes what it was asked for.
template <size_t Width>
class BlocksOf : public RecordStream<Width> {
 public:
  explicit BlocksOf(std::vector<Record<Width>> records, uint32_t seed = 1)
      : records_(std::move(records)), random_(seed) {}

  Result<Records<Width>> NextFrom(const KeyHash& from) override {
    while (next_ < records_.size() && leaves_out && KeyLess(records_[next_], from)) ++next_;
    const size_t size = std::min<size_t>(1 + random_() % 50, records_.size() - next_);
    given += size;
    // A copy that is gone at the next call.
    block_.assign(records_.begin() + static_cast<ptrdiff_t>(next_),
                  records_.begin() + static_cast<ptrdiff_t>(next_ + size));
    next_ += size;
    return Records<Width>(block_);
  }

  bool leaves_out = false;  // what lies below `from`
  size_t given = 0;

 private:
  const std::vector<Record<Width>> records_;
  std::mt19937 random_;
  size_t next_ = 0;
  std::vector<Record<Width>> block_;
};

template <size_t Width>
std::vector<Record<Width>> ReadAll(RecordStream<Width>* stream) {
  std::vector<Record<Width>> all;
  while (true) {
    const auto some = stream->Next().ValueOrDie();
    if (some.empty()) return all;
    all.insert(all.end(), some.begin(), some.end());
  }
}

// A record of random bytes, of which only so many bits differ: few bits, and records have keys in common.
template <size_t Width>
Record<Width> RandomRecord(std::mt19937* random, uint32_t keys) {
  Record<Width> record{};
  const uint32_t key = (*random)() % keys;
  // Both halves of the key decide, and as unsigned bytes.
  record.bytes[0] = static_cast<uint8_t>(key >> 16);
  record.bytes[1] = static_cast<uint8_t>(key >> 8);
  record.bytes[15] = static_cast<uint8_t>(key);
  for (size_t i = kKeyBytes; i < Width; ++i) record.bytes[i] = static_cast<uint8_t>((*random)());
  return record;
}

// As std::set has them: by bytes, of those with one key the greatest.
template <size_t Width>
std::vector<Record<Width>> Model(const std::vector<Record<Width>>& records) {
  const auto by_bytes = [](const auto& a, const auto& b) { return a.bytes < b.bytes; };
  const std::set<Record<Width>, decltype(by_bytes)> sorted(records.begin(), records.end(), by_bytes);
  std::vector<Record<Width>> model;
  for (const auto& record : sorted) {
    const bool same = !model.empty() && std::equal(record.bytes.begin(), record.bytes.begin() + kKeyBytes,
                                                   model.back().bytes.begin());
    if (same) model.pop_back();
    model.push_back(record);
  }
  return model;
}

}  // namespace earthcatalog::keys
