// Pages of a Parquet file as they were before compression.
#pragma once

#include <arrow/util/compression.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog::geoparquet {

// Memory for one page, used again for the next.
class PageBuffer {
 public:
  // At least so many bytes, of no known value.
  uint8_t* Take(size_t size);

 private:
  std::unique_ptr<uint8_t[]> bytes_;
  size_t size_ = 0;
};

// One thread at a time.
class PageInflater {
 public:
  static Result<PageInflater> Make();

  // `page`, of a codec as Thrift numbers it, which is to have `size` bytes: itself, if it is not compressed,
  // or in `buffer`. Nothing if it has not, or for a codec that this does not know.
  std::optional<std::string_view> Inflate(int32_t codec, std::string_view page, size_t size,
                                          PageBuffer* buffer);

 private:
  PageInflater() = default;

  // One context for all pages: making one takes several times as long as reading a small page.
  std::shared_ptr<arrow::util::Decompressor> zstd_;
  std::unique_ptr<arrow::util::Codec> snappy_;
};

}  // namespace earthcatalog::geoparquet
