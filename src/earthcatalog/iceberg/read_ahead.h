// What comes of the manifests of a list, in their order, a few of them ahead: object stores answer slowly,
// and decoding takes a core.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <system_error>
#include <utility>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/iceberg/manifest_list.h"

namespace earthcatalog::iceberg {

// Of one thread; `read` runs in others, and has ended in all of them when this object is gone.
template <typename Value>
class ReadAhead {
 public:
  using Read = std::function<Result<Value>(const ManifestFile&)>;

  // `manifests` outlives this object.
  ReadAhead(const std::vector<ManifestFile>& manifests, Read read)
      : manifests_(manifests), read_(std::move(read)) {}

  // Of the next manifest, which there must be.
  Result<Value> Next() {
    while (started_ < manifests_.size() && HasRoom(manifests_[started_].length)) {
      bytes_ += manifests_[started_].length;
      reads_.push_back(Start(manifests_[started_++]));
    }
    auto value = reads_.front().get();
    bytes_ -= manifests_[started_ - reads_.size()].length;
    reads_.pop_front();
    return value;
  }

 private:
  std::future<Result<Value>> Start(const ManifestFile& manifest) const {
    const auto read = [this, &manifest] { return CatchExceptions([&] { return read_(manifest); }); };
    try {
      return std::async(std::launch::async, read);
    } catch (const std::system_error&) {  // no thread to be had: in this one, when it is asked for
      return std::async(std::launch::deferred, read);
    }
  }

  static constexpr size_t kMaxReads = 8;
  static constexpr int64_t kMaxBytes = 16 << 20;

  bool HasRoom(int64_t bytes) const {
    return reads_.empty() || (reads_.size() < kMaxReads && bytes_ + bytes <= kMaxBytes);
  }

  const std::vector<ManifestFile>& manifests_;
  const Read read_;
  size_t started_ = 0;
  int64_t bytes_ = 0;  // of what is being read, and of what waits
  std::deque<std::future<Result<Value>>> reads_;
};

}  // namespace earthcatalog::iceberg
