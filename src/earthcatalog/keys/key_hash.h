// The hash by which an item is known.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/keys/record.h"

namespace earthcatalog::keys {

// What of an item is hashed. Ids are unique only within their collection; a table of one collection, and any
// table of earthcatalog 0.6.1, hashes them alone.
enum class KeyRule { kId, kCollectionAndId };

// As the table property and the file say it: `id` | `collection+id`.
const char* NameOf(KeyRule rule);
// Nothing for any other text.
std::optional<KeyRule> KeyRuleOf(std::string_view name);

// xxh3_128 of the bytes with seed 42, as canonical (big-endian) digest: what Python's
// xxhash.xxh3_128(bytes, seed=42).digest() gives.
KeyHash HashOf(std::string_view bytes);

// One thread at a time.
class KeyHasher {
 public:
  explicit KeyHasher(KeyRule rule) : rule_(rule) {}

  KeyRule rule() const { return rule_; }
  // Of the id, or of collection, U+0000 and id. No collection is hashed as an empty one.
  KeyHash operator()(std::optional<std::string_view> collection, std::string_view id);

 private:
  KeyRule rule_;
  std::string buffer_;
};

// 32 lower-case hex digits.
std::string HexOf(const KeyHash& hash);

}  // namespace earthcatalog::keys
