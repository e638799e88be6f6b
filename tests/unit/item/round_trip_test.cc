// The contract's promise that nothing is lost: an item comes back from its row equal to its source.
#include <cmath>
#include <random>

#include "unit/item/corpus_items.h"
#include "unit/item/random_items.h"

namespace earthcatalog::item {
namespace {

TEST(RoundTrip, EveryCorpusItemWithTheInitialSchema) {
  const auto corpus = CorpusItems();
  SKIP_WITHOUT_CORPUS(corpus);
  for (const auto& [folder, items] : corpus) {
    SCOPED_TRACE(folder);
    ExpectEqualToSources(*Encode(items).rows, items);
  }
}

TEST(RoundTrip, EveryCorpusItemWithItsCollectionsSchema) {
  const auto corpus = CorpusItems();
  SKIP_WITHOUT_CORPUS(corpus);
  for (const auto& [folder, items] : corpus) {
    SCOPED_TRACE(folder);
    ExpectEqualToSources(*EncodeEvolved(items).rows, items);
  }
}

TEST(RoundTrip, TheWholeCorpusInOneTable) {
  const auto corpus = CorpusItems();
  SKIP_WITHOUT_CORPUS(corpus);
  auto schema = InitialSchema();
  std::vector<std::string> all;
  for (const auto& [folder, items] : corpus) {
    if (const auto additions = Encode(items, schema).additions) schema = EvolveOrDie(schema, additions);
    all.insert(all.end(), items.begin(), items.end());
  }
  ExpectEqualToSources(*Encode(all, schema).rows, all);
}

TEST(RoundTrip, RandomItemsThroughSchemasThatGrow) {
  std::mt19937 random(42);
  for (int table = 0; table < 60; ++table) {
    auto schema = InitialSchema();
    for (int batch = 0; batch < 5; ++batch) {
      std::vector<std::string> items;
      for (int i = 0; i < 20; ++i) items.push_back(RandomItem(&random));
      const EncodedItems encoded = Encode(items, schema);
      ExpectEqualToSources(*encoded.rows, items);
      if (encoded.additions == nullptr) continue;
      schema = EvolveOrDie(schema, encoded.additions);
      const EncodedItems again = Encode(items, schema);
      ExpectEqualToSources(*again.rows, items);
      if (again.additions == nullptr) continue;
      EXPECT_EQ(EvolveOrDie(schema, again.additions), schema);
    }
  }
}

}  // namespace
}  // namespace earthcatalog::item
