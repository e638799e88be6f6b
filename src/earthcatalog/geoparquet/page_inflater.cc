#include "earthcatalog/geoparquet/page_inflater.h"

#include <algorithm>

namespace earthcatalog::geoparquet {
namespace {

constexpr int32_t kUncompressed = 0, kSnappy = 1, kZstd = 6;  // CompressionCodec

bool InflateZstd(arrow::util::Decompressor* zstd, std::string_view page, size_t size, uint8_t* out) {
  if (!zstd->Reset().ok()) return false;
  const auto bytes = static_cast<int64_t>(page.size());
  const auto room = static_cast<int64_t>(size);
  const auto read = zstd->Decompress(bytes, reinterpret_cast<const uint8_t*>(page.data()), room, out);
  return read.ok() && read->bytes_read == bytes && read->bytes_written == room && zstd->IsFinished();
}

}  // namespace

uint8_t* PageBuffer::Take(size_t size) {
  if (size > size_) {
    size_ = std::max(size, 2 * size_);
    bytes_.reset(new uint8_t[size_]);
  }
  return bytes_.get();
}

Result<PageInflater> PageInflater::Make() {
  PageInflater inflater;
  ARROW_ASSIGN_OR_RAISE(const auto zstd, arrow::util::Codec::Create(arrow::Compression::ZSTD));
  ARROW_ASSIGN_OR_RAISE(inflater.zstd_, zstd->MakeDecompressor());
  if (arrow::util::Codec::IsAvailable(arrow::Compression::SNAPPY)) {
    ARROW_ASSIGN_OR_RAISE(inflater.snappy_, arrow::util::Codec::Create(arrow::Compression::SNAPPY));
  }
  return inflater;
}

std::optional<std::string_view> PageInflater::Inflate(int32_t codec, std::string_view page, size_t size,
                                                      PageBuffer* buffer) {
  if (codec == kUncompressed) return page.size() == size ? std::optional(page) : std::nullopt;
  if (codec != kZstd && (codec != kSnappy || snappy_ == nullptr)) return {};
  if (size == 0) return std::string_view("");
  uint8_t* const out = buffer->Take(size);
  if (codec == kZstd) {
    if (!InflateZstd(zstd_.get(), page, size, out)) return {};
  } else {
    const auto written =
        snappy_->Decompress(static_cast<int64_t>(page.size()), reinterpret_cast<const uint8_t*>(page.data()),
                            static_cast<int64_t>(size), out);
    if (!written.ok() || *written != static_cast<int64_t>(size)) return {};
  }
  return std::string_view(reinterpret_cast<const char*>(out), size);
}

}  // namespace earthcatalog::geoparquet
