#include "earthcatalog/keys/merge_streams.h"

#include <algorithm>
#include <utility>

namespace earthcatalog::keys {
namespace {

constexpr size_t kBlockBytes = 64 << 10;

template <size_t Width>
class MergedStream : public RecordStream<Width> {
 public:
  explicit MergedStream(std::vector<StreamPtr<Width>> sources) : sources_(std::move(sources)) {
    block_.reserve(kBlockRecords + 1);
  }

  Result<Records<Width>> NextFrom(const KeyHash& from) override {
    if (!begun_) ARROW_RETURN_NOT_OK(Begin(from));
    // The last record was held back: what comes may have its key.
    if (!block_.empty()) block_.erase(block_.begin(), block_.end() - 1);
    if (ended_) block_.clear();
    while (!heap_.empty() && block_.size() <= kBlockRecords) ARROW_RETURN_NOT_OK(TakeFromFirst(from));
    ended_ = heap_.empty();
    return Records<Width>(block_).first(block_.size() - (ended_ ? 0 : 1));
  }

 private:
  static constexpr size_t kBlockRecords = kBlockBytes / Width;

  // A source with records that are not taken yet.
  struct Head {
    Records<Width> rest;
    RecordStream<Width>* source;
    // A heap has its greatest on top.
    bool operator<(const Head& other) const { return other.rest.front() < rest.front(); }
  };

  Status Begin(const KeyHash& from) {
    begun_ = true;
    for (const auto& source : sources_) {
      ARROW_ASSIGN_OR_RAISE(const Records<Width> rest, source->NextFrom(from));
      if (!rest.empty()) heap_.push_back({rest, source.get()});
    }
    std::make_heap(heap_.begin(), heap_.end());
    return Status::OK();
  }

  // Takes records of the source that has the least, up to those of the next one.
  Status TakeFromFirst(const KeyHash& from) {
    std::pop_heap(heap_.begin(), heap_.end());
    Head& head = heap_.back();
    const bool alone = heap_.size() == 1;
    size_t taken = 0;
    do {
      Append(head.rest[taken++]);
    } while (taken < head.rest.size() && block_.size() <= kBlockRecords &&
             (alone || head.rest[taken] < heap_.front().rest.front()));
    head.rest = head.rest.subspan(taken);
    if (head.rest.empty()) {
      ARROW_ASSIGN_OR_RAISE(head.rest, head.source->NextFrom(from));
    }
    if (head.rest.empty()) {
      heap_.pop_back();
    } else {
      std::push_heap(heap_.begin(), heap_.end());
    }
    return Status::OK();
  }

  void Append(const Record<Width>& record) {
    if (!block_.empty() && SameKey(block_.back(), record)) {
      block_.back() = record;
    } else {
      block_.push_back(record);
    }
  }

  const std::vector<StreamPtr<Width>> sources_;
  std::vector<Head> heap_;
  std::vector<Record<Width>> block_;
  bool begun_ = false, ended_ = false;
};

}  // namespace

template <size_t Width>
StreamPtr<Width> MergeStreams(std::vector<StreamPtr<Width>> sources) {
  return std::make_unique<MergedStream<Width>>(std::move(sources));
}

template StreamPtr<kKeyBytes> MergeStreams(std::vector<StreamPtr<kKeyBytes>>);
template StreamPtr<kPlaceBytes> MergeStreams(std::vector<StreamPtr<kPlaceBytes>>);

}  // namespace earthcatalog::keys
