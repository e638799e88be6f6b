// The contract's promise that nothing is lost: an item comes back from its row equal to its source.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "unit/item/item_testing.h"
#include "unit/item/random_items.h"
#include "unit/item/random_text.h"

namespace earthcatalog::item {
namespace {

namespace fs = std::filesystem;

// The items of the corpus by collection folder; empty if there is no corpus here.
std::map<std::string, std::vector<std::string>> CorpusItems() {
  std::map<std::string, std::vector<std::string>> items;
  const char* folder = std::getenv("EARTHCATALOG_CORPUS");
  if (folder == nullptr) return items;
  std::set<fs::path> paths;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".json") paths.insert(entry.path());
    }
  }
  EXPECT_FALSE(paths.empty()) << "EARTHCATALOG_CORPUS names " << folder << ", where no items are";
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    items[path.parent_path().string()].emplace_back(std::istreambuf_iterator<char>(file),
                                                    std::istreambuf_iterator<char>());
  }
  return items;
}

#define SKIP_WITHOUT_CORPUS(items)                                                        \
  if ((items).empty()) {                                                                  \
    ASSERT_EQ(std::getenv("EARTHCATALOG_CORPUS"), nullptr);                               \
    GTEST_SKIP() << "set EARTHCATALOG_CORPUS to a folder of real STAC items to run this"; \
  }

void ExpectEqualToSources(const arrow::RecordBatch& rows, const std::vector<std::string>& sources) {
  ASSERT_EQ(rows.num_rows(), static_cast<int64_t>(sources.size()));
  for (size_t i = 0; i < sources.size(); ++i) {
    const json expected = ExactValue(sources[i]);
    const json actual = ExactValue(DecodeText(rows, static_cast<int64_t>(i)));
    ASSERT_FALSE(expected.is_discarded() || actual.is_discarded()) << sources[i];
    ASSERT_EQ(actual, expected) << json::diff(expected, actual).dump(1) << "\n" << sources[i];
  }
}

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
