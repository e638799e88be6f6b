#include "earthcatalog/keys/anti_join.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace earthcatalog::keys {
namespace {

// The first record of `known`, which is sorted, that is not before `wanted`: by steps that double, since it
// is usually near.
template <size_t Width>
size_t FirstNotBefore(Records<kKeyBytes> known, const Record<Width>& wanted) {
  size_t begin = 0, step = 1;
  while (begin + step <= known.size() && KeyLess(known[begin + step - 1], wanted)) {
    begin += step;
    step *= 2;
  }
  size_t end = std::min(begin + step - 1, known.size());
  while (begin < end) {
    const size_t middle = begin + (end - begin) / 2;
    if (KeyLess(known[middle], wanted)) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

template <size_t Width>
class UnknownStream : public RecordStream<Width> {
 public:
  UnknownStream(StreamPtr<Width> candidates, StreamPtr<kKeyBytes> known)
      : candidates_(std::move(candidates)), known_(std::move(known)) {}

  Result<Records<Width>> NextFrom(const KeyHash& from) override {
    unknown_.clear();
    while (unknown_.empty()) {
      ARROW_ASSIGN_OR_RAISE(const Records<Width> some, candidates_->NextFrom(from));
      if (some.empty()) break;
      for (const Record<Width>& candidate : some) {
        ARROW_ASSIGN_OR_RAISE(const bool known, Knows(candidate));
        if (!known) unknown_.push_back(candidate);
      }
    }
    return Records<Width>(unknown_);
  }

 private:
  Result<bool> Knows(const Record<Width>& candidate) {
    while (!known_ended_) {
      rest_ = rest_.subspan(FirstNotBefore(rest_, candidate));
      if (!rest_.empty()) return SameKey(rest_.front(), candidate);
      KeyHash key;
      std::memcpy(key.bytes.data(), candidate.bytes.data(), kKeyBytes);
      ARROW_ASSIGN_OR_RAISE(rest_, known_->NextFrom(key));
      known_ended_ = rest_.empty();
    }
    return false;
  }

  const StreamPtr<Width> candidates_;
  const StreamPtr<kKeyBytes> known_;
  Records<kKeyBytes> rest_;  // of the known ones
  bool known_ended_ = false;
  std::vector<Record<Width>> unknown_;
};

}  // namespace

template <size_t Width>
StreamPtr<Width> AntiJoin(StreamPtr<Width> candidates, StreamPtr<kKeyBytes> known) {
  return std::make_unique<UnknownStream<Width>>(std::move(candidates), std::move(known));
}

template StreamPtr<kKeyBytes> AntiJoin(StreamPtr<kKeyBytes>, StreamPtr<kKeyBytes>);
template StreamPtr<kPlaceBytes> AntiJoin(StreamPtr<kPlaceBytes>, StreamPtr<kKeyBytes>);

}  // namespace earthcatalog::keys
