#include "earthcatalog/keys/key_hash.h"

#include <fmt/ranges.h>
#include <xxhash.h>

namespace earthcatalog::keys {
namespace {

constexpr XXH64_hash_t kSeed = 42;
constexpr char kId[] = "id";
constexpr char kCollectionAndId[] = "collection+id";

}  // namespace

const char* NameOf(KeyRule rule) { return rule == KeyRule::kId ? kId : kCollectionAndId; }

std::optional<KeyRule> KeyRuleOf(std::string_view name) {
  if (name == kId) return KeyRule::kId;
  if (name == kCollectionAndId) return KeyRule::kCollectionAndId;
  return std::nullopt;
}

KeyHash HashOf(std::string_view bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_withSeed(bytes.data(), bytes.size(), kSeed));
  KeyHash hash;
  static_assert(sizeof(canonical.digest) == sizeof(hash.bytes));
  std::memcpy(hash.bytes.data(), canonical.digest, sizeof(hash.bytes));
  return hash;
}

KeyHash KeyHasher::operator()(std::optional<std::string_view> collection, std::string_view id) {
  if (rule_ == KeyRule::kId) return HashOf(id);
  buffer_.assign(collection.value_or(""));
  buffer_.push_back('\0');
  buffer_.append(id);
  return HashOf(buffer_);
}

std::string HexOf(const KeyHash& hash) { return fmt::format("{:02x}", fmt::join(hash.bytes, "")); }

}  // namespace earthcatalog::keys
