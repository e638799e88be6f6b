#include "earthcatalog/keys/anti_join.h"

#include "unit/keys/records.h"

namespace earthcatalog::keys {
namespace {

std::vector<KeyHash> RandomHashes(std::mt19937* random, size_t count, uint32_t keys) {
  std::vector<KeyHash> hashes(count);
  for (auto& hash : hashes) hash = RandomRecord<kKeyBytes>(random, keys);
  return Model(hashes);
}

// Whether or not the known ones leave out what nobody looks for.
TEST(AntiJoinTest, GivesWhatTheSetDoesNotHave) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    const uint32_t keys = 1 + random() % 40'000;
    const auto known = RandomHashes(&random, random() % 4 == 0 ? 0 : random() % 5000, keys);
    std::vector<Record<kPlaceBytes>> candidates(random() % 3 == 0 ? random() % 5 : random() % 5000);
    for (auto& candidate : candidates) candidate = RandomRecord<kPlaceBytes>(&random, keys);
    candidates = Model(candidates);
    std::vector<Record<kPlaceBytes>> expected;
    std::set<std::array<uint8_t, kKeyBytes>> set;
    for (const KeyHash& hash : known) set.insert(hash.bytes);
    for (const auto& candidate : candidates) {
      std::array<uint8_t, kKeyBytes> key;
      std::copy_n(candidate.bytes.begin(), kKeyBytes, key.begin());
      if (!set.contains(key)) expected.push_back(candidate);
    }
    auto known_stream = std::make_unique<BlocksOf<kKeyBytes>>(known, seed);
    known_stream->leaves_out = seed % 2 == 1;
    const auto unknown = AntiJoin<kPlaceBytes>(std::make_unique<BlocksOf<kPlaceBytes>>(candidates, seed),
                                               std::move(known_stream));
    ASSERT_EQ(ReadAll(unknown.get()), expected) << "seed " << seed;
    ASSERT_TRUE(unknown->Next().ValueOrDie().empty());
  }
}

TEST(AntiJoinTest, FewCandidatesTakeFewOfTheKnown) {
  std::mt19937 random(1);
  const auto known = RandomHashes(&random, 20'000, 1 << 24);
  const std::vector<KeyHash> candidates = {known[100], known[19'000]};
  auto known_stream = std::make_unique<BlocksOf<kKeyBytes>>(known);
  known_stream->leaves_out = true;
  const BlocksOf<kKeyBytes>* asked = known_stream.get();
  const auto unknown =
      AntiJoin<kKeyBytes>(std::make_unique<BlocksOf<kKeyBytes>>(candidates), std::move(known_stream));
  EXPECT_TRUE(ReadAll(unknown.get()).empty());
  EXPECT_LE(asked->given, 100u);
}

}  // namespace
}  // namespace earthcatalog::keys
