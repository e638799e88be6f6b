// Real items, and that they come back.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "unit/item/item_testing.h"
#include "unit/item/random_text.h"

namespace earthcatalog::item {

// The items of the corpus by collection folder; empty if there is no corpus here.
inline std::map<std::string, std::vector<std::string>> CorpusItems() {
  namespace fs = std::filesystem;
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

inline void ExpectEqualToSources(const arrow::RecordBatch& rows, const std::vector<std::string>& sources) {
  ASSERT_EQ(rows.num_rows(), static_cast<int64_t>(sources.size()));
  for (size_t i = 0; i < sources.size(); ++i) {
    const json expected = ExactValue(sources[i]);
    const json actual = ExactValue(DecodeText(rows, static_cast<int64_t>(i)));
    ASSERT_FALSE(expected.is_discarded() || actual.is_discarded()) << sources[i];
    ASSERT_EQ(actual, expected) << json::diff(expected, actual).dump(1) << "\n" << sources[i];
  }
}

}  // namespace earthcatalog::item
