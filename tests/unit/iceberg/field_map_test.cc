#include "earthcatalog/iceberg/field_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace earthcatalog::iceberg {
namespace {

using Entries = std::vector<std::pair<int, std::string>>;

Entries EntriesOf(const FieldMap<std::string>& map) { return {map.begin(), map.end()}; }

TEST(FieldMap, KeepsItsOrderWhateverTheOrderOfTheIds) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    FieldMap<std::string> map;
    std::map<int, std::string> expected;
    for (int n = 0; n < round % 20; ++n) {
      const int id = std::uniform_int_distribution(-5, 15)(random);
      expected[id] = std::to_string(n);
      map.Set(id, expected[id]);
    }
    EXPECT_EQ(EntriesOf(map), Entries(expected.begin(), expected.end()));
    for (int id = -6; id < 17; ++id) {
      const auto found = map.find(id);
      ASSERT_EQ(found != map.end(), expected.contains(id)) << id;
      if (found == map.end()) continue;
      EXPECT_EQ(found->second, expected[id]);
    }
  }
}

TEST(FieldMap, OfAnIdThatIsRepeatedTheFirstCounts) {
  EXPECT_EQ(EntriesOf(FieldMap<std::string>(Entries{{3, "a"}, {1, "b"}, {3, "c"}, {2, "d"}, {1, "e"}})),
            (Entries{{1, "b"}, {2, "d"}, {3, "a"}}));
  EXPECT_EQ(EntriesOf(FieldMap<std::string>(Entries{{1, "a"}, {1, "b"}})), (Entries{{1, "a"}}));
  EXPECT_EQ(EntriesOf({{2, "a"}, {1, "b"}, {2, "c"}}), (Entries{{1, "b"}, {2, "a"}}));
  EXPECT_TRUE(FieldMap<std::string>(Entries{}).empty());
}

}  // namespace
}  // namespace earthcatalog::iceberg
