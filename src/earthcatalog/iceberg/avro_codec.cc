#include "earthcatalog/iceberg/avro_codec.h"

#include <arrow/util/compression.h>
#include <libdeflate.h>

#include <algorithm>
#include <memory>

#include "earthcatalog/base/text.h"

namespace earthcatalog::iceberg {
namespace {

using arrow::Compression;
using arrow::util::Codec;

constexpr int kCompressionLevel = 1;  // 17,000 entries: 4 us and 357 bytes each; at 6, 8 us and 337 bytes
constexpr size_t kMaxBlockBytes = size_t{512} << 20;

const uint8_t* BytesOf(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }
uint8_t* BytesOf(std::string* text) { return reinterpret_cast<uint8_t*>(text->data()); }

Status BrokenBlock(std::string_view why) { return CorruptError("a compressed block is broken: {}", why); }

Result<std::string> DecompressStream(Codec* codec, std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(const auto stream, codec->MakeDecompressor());
  std::string out;
  size_t written = 0;
  while (!stream->IsFinished()) {
    if (written == out.size()) {
      if (out.size() >= kMaxBlockBytes) return BrokenBlock("it is too large");
      out.resize(std::clamp(out.size() * 2, 4 * bytes.size() + 256, kMaxBlockBytes));
    }
    const auto step = stream->Decompress(static_cast<int64_t>(bytes.size()), BytesOf(bytes),
                                         static_cast<int64_t>(out.size() - written), BytesOf(&out) + written);
    if (!step.ok()) return BrokenBlock(step.status().message());
    written += static_cast<size_t>(step->bytes_written);
    bytes.remove_prefix(static_cast<size_t>(step->bytes_read));
    if (step->bytes_read == 0 && step->bytes_written == 0) return BrokenBlock("it ends too early");
  }
  out.resize(written);
  return out;
}

// Deflate by libdeflate, which takes less than half of zlib's time. Its states serve one thread each.
struct FreeState {
  void operator()(libdeflate_compressor* state) const { libdeflate_free_compressor(state); }
  void operator()(libdeflate_decompressor* state) const { libdeflate_free_decompressor(state); }
};

libdeflate_compressor* Compressor() {
  thread_local const std::unique_ptr<libdeflate_compressor, FreeState> state(
      libdeflate_alloc_compressor(kCompressionLevel));
  return state.get();
}

libdeflate_decompressor* Decompressor() {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeState> state(
      libdeflate_alloc_decompressor());
  return state.get();
}

// The size is known to nobody before.
Result<std::string> Inflate(std::string_view bytes) {
  if (Decompressor() == nullptr) return Status::OutOfMemory("a decompressor");
  std::string out;
  while (out.size() < kMaxBlockBytes) {
    out.resize(std::clamp(out.size() * 2, 4 * bytes.size() + 256, kMaxBlockBytes));
    size_t written = 0;
    const libdeflate_result result = libdeflate_deflate_decompress(Decompressor(), bytes.data(), bytes.size(),
                                                                   out.data(), out.size(), &written);
    if (result == LIBDEFLATE_BAD_DATA) return BrokenBlock("it is no deflate stream, or ends too early");
    if (result == LIBDEFLATE_SUCCESS) {
      out.resize(written);
      return out;
    }
  }
  return BrokenBlock("it is too large");
}

// Snappy blocks begin with their uncompressed length, a little-endian base-128 number, and Avro adds four
// bytes of checksum behind them.
Result<std::string> DecompressSnappy(std::string_view bytes) {
  constexpr size_t kChecksumBytes = 4;
  if (bytes.size() < kChecksumBytes) return BrokenBlock("it is too short");
  bytes.remove_suffix(kChecksumBytes);
  size_t length = 0;
  for (size_t i = 0; i < bytes.size() && i < 5; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    length |= size_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) break;
  }
  if (length > kMaxBlockBytes) return BrokenBlock("it is too large");
  ARROW_ASSIGN_OR_RAISE(const auto codec, Codec::Create(Compression::SNAPPY));
  std::string out(length, '\0');
  const auto written = codec->Decompress(static_cast<int64_t>(bytes.size()), BytesOf(bytes),
                                         static_cast<int64_t>(length), BytesOf(&out));
  if (!written.ok()) return BrokenBlock(written.status().message());
  out.resize(static_cast<size_t>(*written));
  return out;
}

}  // namespace

Result<std::string> DeflateBlock(std::string_view bytes) {
  if (Compressor() == nullptr) return Status::OutOfMemory("a compressor");
  std::string out(libdeflate_deflate_compress_bound(Compressor(), bytes.size()), '\0');
  out.resize(libdeflate_deflate_compress(Compressor(), bytes.data(), bytes.size(), out.data(), out.size()));
  return out;
}

Result<std::string> DecompressBlock(std::string_view codec, std::string_view bytes) {
  if (codec == "null" || codec.empty()) return std::string(bytes);
  if (codec == "snappy") return DecompressSnappy(bytes);
  if (codec == "deflate") return Inflate(bytes);
  if (codec == "zstandard") {
    ARROW_ASSIGN_OR_RAISE(const auto zstd, Codec::Create(Compression::ZSTD));
    return DecompressStream(zstd.get(), bytes);
  }
  return CorruptError("the Avro codec `{}` is unknown", OneLine(codec));
}

Result<std::string> Gunzip(std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(const auto codec, Codec::Create(Compression::GZIP));
  return DecompressStream(codec.get(), bytes);
}

}  // namespace earthcatalog::iceberg
