// The rules that select rows, and their counts.
#include <gmock/gmock.h>

#include "earthcatalog/base/time.h"
#include "unit/inventory/reading.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::inventory {
namespace {

using testing::ElementsAre;

class Selection : public testing::Test {
 protected:
  Everything Read(std::string_view text, const Options& options = {}) {
    return ReadAll(folder_.Write("inventory.csv", text), options);
  }
  const test::TempFolder folder_;
};

TEST_F(Selection, EveryRowHasOneCount) {
  Options options;
  options.since = ParseInstant("2024-05-01").ValueOrDie();
  const Everything all = Read(
      "bucket,key,is_latest,is_delete_marker,last_modified_date\n"
      "b,a.stac.json,true,false,2024-05-01T00:00:00Z\n"      // exactly at --since: kept
      "b,b.stac.json,true,false,2024-04-30T23:59:59.999Z\n"  // before
      "b,c.stac.json,true,false,\n"                          // unknown: kept
      "b,d.json,true,false,2024-06-01T00:00:00Z\n"           // suffix
      "b,e.stac.json,true,true,2024-06-01T00:00:00Z\n"       // delete marker
      "b,f.stac.json,false,false,2024-06-01T00:00:00Z\n"     // old version
      "b,g.stac.json,false,true,2024-04-01T00:00:00Z\n"      // all of them: the first rule counts
      "b,h.json,what,what,what\n"                            // skipped before it is malformed
      "b,i.stac.json,what,false,2024-06-01T00:00:00Z\n"      // malformed
      "b,.stac.json,,,2024-05-01T02:00:00+02:00\n",          // the suffix alone; an offset
      options);
  EXPECT_THAT(Names(all), ElementsAre("2:b/a.stac.json", "4:b/c.stac.json", "11:b/.stac.json"));
  EXPECT_EQ(all.counts.rows, 10u);
  EXPECT_EQ(all.counts.skipped_suffix, 2u);
  EXPECT_EQ(all.counts.skipped_since, 1u);
  EXPECT_EQ(all.counts.skipped_delete_marker, 2u);
  EXPECT_EQ(all.counts.skipped_old_version, 1u);
  EXPECT_EQ(all.counts.malformed, 1u);
}

TEST_F(Selection, SinceLetsRowsWithoutTheColumnPass) {
  Options options;
  options.since = ParseInstant("2030-01-01").ValueOrDie();
  const Everything all = Read("bucket,key\nb,a.stac.json\nb,a.txt\n", options);
  EXPECT_EQ(all.counts.selected, 1u);
  EXPECT_EQ(all.counts.passed_without_date, 1u);
  EXPECT_EQ(Read("bucket,key\nb,a.stac.json\n").counts.passed_without_date, 0u);
}

TEST_F(Selection, TheSuffixIsAnOption) {
  Options options;
  options.suffix = ".json";
  EXPECT_THAT(Names(Read("b,a.stac.json\nb,b.json\nb,c.JSON\n", options)),
              ElementsAre("1:b/a.stac.json", "2:b/b.json"));
}

TEST_F(Selection, TheLimitEndsTheReading) {
  const std::string text = "b,a.stac.json\nb,x.txt\nb,b.stac.json\nb,c.stac.json\nbad\n";
  Options options;
  for (const auto& [limit, rows, selected] : std::vector<std::tuple<uint64_t, uint64_t, uint64_t>>{
           {0, 0, 0}, {1, 1, 1}, {2, 3, 2}, {3, 4, 3}, {4, 5, 3}}) {
    options.limit = limit;
    const Everything all = Read(text, options);
    EXPECT_EQ(all.counts.selected, selected) << limit;
    EXPECT_EQ(all.counts.rows, rows) << limit;
    EXPECT_EQ(all.counts.malformed, limit > 3 ? 1u : 0u);
  }
}

TEST_F(Selection, BatchesAreFullAndNumbered) {
  std::string text;
  for (int i = 0; i < 10; ++i) text += fmt::format("b,{}.stac.json\nb,{}.txt\n", i, i);
  const auto reader = Open(folder_.Write("i.csv", text), {}).ValueOrDie();
  std::vector<size_t> sizes;
  while (auto batch = reader->Next(4).ValueOrDie()) {
    EXPECT_EQ(batch->sequence, sizes.size());
    sizes.push_back(batch->rows.size());
  }
  EXPECT_THAT(sizes, ElementsAre(4, 4, 2));
}

TEST_F(Selection, HugeBatchesReserveNothingHuge) {
  const Everything all = ReadAll(folder_.Write("i.csv", "b,a.stac.json\n"), {}, SIZE_MAX);
  EXPECT_EQ(all.rows.size(), 1u);
}

}  // namespace
}  // namespace earthcatalog::inventory
