// The slices that the next stages hold: memory that is still taken. Beyond a ByteBudget it knows whose the
// bytes are, and tells the fetcher's thread, which must not wait, of every release.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace earthcatalog::fetch {

// Thread-safe.
class HandedOn {
 public:
  using Turn = std::pair<uint64_t, uint32_t>;  // sequence and slice

  // `released` is called whenever a slice is, by whoever does, and must not block for long; not after this is
  // destroyed.
  explicit HandedOn(std::function<void()> released);
  ~HandedOn();
  HandedOn(const HandedOn&) = delete;
  HandedOn& operator=(const HandedOn&) = delete;

  // What a slice carries: it counts until this is gone, which may be after the end of this object.
  std::shared_ptr<void> Add(Turn turn, int64_t bytes);

  int64_t bytes() const;
  // Whether all slices before `turn` have been released.
  bool NoneBefore(Turn turn) const;

 private:
  struct State {
    std::mutex mutex;
    std::map<Turn, int64_t> slices;
    int64_t bytes = 0;
    std::mutex calling;  // another one: who is called may hold a lock while it asks for the bytes
    std::function<void()> released;
  };
  const std::shared_ptr<State> state_;
};

}  // namespace earthcatalog::fetch
