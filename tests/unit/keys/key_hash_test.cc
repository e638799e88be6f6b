#include "earthcatalog/keys/key_hash.h"

#include <gtest/gtest.h>

namespace earthcatalog::keys {
namespace {

using namespace std::string_literals;

// What Python's xxhash says; a million more: tests/python/test_hash_index.py.
TEST(KeyHashTest, IsThePublishedDigest) {
  EXPECT_EQ(HexOf(HashOf("")), "16c20acd33f7af2f3c1d09e9fe249164");
  EXPECT_EQ(HexOf(HashOf("item-1")), "531fdc248680ebb5a14d3481f4a2b986");
  EXPECT_EQ(HexOf(HashOf("Ünïcode/日本")), "145a4464d5a7d02ec86f167a4fbcf53e");
}

TEST(KeyHashTest, TheRuleSaysWhatIsHashed) {
  KeyHasher by_id(KeyRule::kId), by_both(KeyRule::kCollectionAndId);
  EXPECT_EQ(by_id("c", "x"), HashOf("x"));
  EXPECT_EQ(by_id(std::nullopt, "x"), HashOf("x"));
  EXPECT_EQ(by_both("c", "x"), HashOf("c\0x"s));
  EXPECT_EQ(by_both(std::nullopt, "x"), HashOf("\0x"s));
  EXPECT_EQ(by_both("c", ""), HashOf("c\0"s));
}

TEST(KeyHashTest, RulesHaveNames) {
  for (const KeyRule rule : {KeyRule::kId, KeyRule::kCollectionAndId})
    EXPECT_EQ(KeyRuleOf(NameOf(rule)), rule);
  EXPECT_STREQ(NameOf(KeyRule::kId), "id");
  EXPECT_STREQ(NameOf(KeyRule::kCollectionAndId), "collection+id");
  EXPECT_EQ(KeyRuleOf("ID"), std::nullopt);
}

}  // namespace
}  // namespace earthcatalog::keys
