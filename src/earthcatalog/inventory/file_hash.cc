#include "earthcatalog/inventory/file_hash.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <memory>
#include <vector>

namespace earthcatalog::inventory {
namespace {

constexpr int64_t kBlock = 4 << 20;  // on S3 each block is a request

template <typename Take>
Status ForEachBlock(arrow::io::RandomAccessFile* file, Take take) {
  std::vector<char> block(kBlock);
  for (int64_t offset = 0;;) {
    ARROW_ASSIGN_OR_RAISE(const int64_t count, file->ReadAt(offset, kBlock, block.data()));
    if (count == 0) return Status::OK();
    take(block.data(), static_cast<size_t>(count));
    offset += count;
  }
}

}  // namespace

Result<std::string> Xxh3Of(arrow::io::RandomAccessFile* file) {
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), &XXH3_freeState);
  XXH3_128bits_reset(state.get());
  ARROW_RETURN_NOT_OK(ForEachBlock(
      file, [&](const char* bytes, size_t count) { XXH3_128bits_update(state.get(), bytes, count); }));
  const XXH128_hash_t hash = XXH3_128bits_digest(state.get());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

Result<std::string> Md5Of(arrow::io::RandomAccessFile* file) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  // A system whose policy forbids MD5 has none.
  bool works = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_md5(), nullptr) == 1;
  if (!works) return FailedError("OpenSSL offers no MD5 on this system");
  ARROW_RETURN_NOT_OK(ForEachBlock(file, [&](const char* bytes, size_t count) {
    works = works && EVP_DigestUpdate(context.get(), bytes, count) == 1;
  }));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  works = works && EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1;
  if (!works) return FailedError("OpenSSL cannot compute an MD5");
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + size, ""));
}

}  // namespace earthcatalog::inventory
