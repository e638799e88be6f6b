// Both encoders against Parquet's reader, on random nested columns with whatever Arrow allows below a null.
#include "unit/geoparquet/random_rows.h"

#include <arrow/api.h>
#include <gtest/gtest.h>

#include <set>

#include "earthcatalog/geoparquet/footer.h"
#include "earthcatalog/geoparquet/large_file.h"
#include "earthcatalog/geoparquet/small_file.h"
#include "earthcatalog/geoparquet/used_columns.h"
#include "unit/geoparquet/example_rows.h"
#include "unit/geoparquet/read_back.h"

namespace earthcatalog::geoparquet {
namespace {

FileMetrics WithoutNan(FileMetrics metrics) {
  for (ColumnMetrics& column : metrics.columns) column.nan_count = 0;
  return metrics;
}

class RandomSeeds : public testing::TestWithParam<uint32_t> {};

TEST_P(RandomSeeds, BothEncodersReadBackEqual) {
  RandomRows random(GetParam());
  for (int round = 0; round < 60; ++round) {
    const auto rows = random.Make();
    ASSERT_TRUE(rows->Validate().ok());
    const auto layout = MakeLayout(rows->schema()).ValueOrDie();
    std::vector<ColumnStatistics> small_statistics, large_statistics;
    for (const auto& leaf : layout.leaves)
      small_statistics.emplace_back(&leaf), large_statistics.emplace_back(&leaf);

    const auto small = SmallFileEncoder::Make()
                           .ValueOrDie()
                           ->Encode(layout, FooterWriter(layout), *rows, {}, &small_statistics)
                           .ValueOrDie();
    const auto large = EncodeLargeFile(layout, *rows, {}, &large_statistics).ValueOrDie();
    const auto context = rows->schema()->ToString() + "\n" + rows->ToString();
    SCOPED_TRACE(context);
    ExpectReadsBack({small.bytes, MetricsOf(layout, rows->num_rows(), small, small_statistics)}, rows);
    ExpectReadsBack({large.bytes, MetricsOf(layout, rows->num_rows(), large, large_statistics)}, rows);
    // NaN are among these values: where the footer has a minimum it does not tell of them.
    EXPECT_EQ(WithoutNan(ReadMetrics(small.bytes, *rows->schema())),
              WithoutNan(MetricsOf(layout, rows->num_rows(), small, small_statistics)));
    EXPECT_EQ(WithoutNan(ReadMetrics(large.bytes, *rows->schema())),
              WithoutNan(MetricsOf(layout, rows->num_rows(), large, large_statistics)));
    for (size_t i = 0; i < layout.leaves.size(); ++i) {
      EXPECT_EQ(small_statistics[i].null_count(), large_statistics[i].null_count());
      EXPECT_EQ(small_statistics[i].Minimum(), large_statistics[i].Minimum());
      EXPECT_EQ(small_statistics[i].Maximum(), large_statistics[i].Maximum());
    }
    if (HasFailure()) return;
  }
}

// Leaves with a value in some row, by path.
std::set<std::string> LeavesWithValues(const std::shared_ptr<arrow::RecordBatch>& rows) {
  const auto layout = MakeLayout(rows->schema()).ValueOrDie();
  std::set<std::string> paths;
  LeafWalker walker;
  EXPECT_TRUE(walker
                  .Walk(*rows,
                        [&](size_t i, const LeafEntries& entries) {
                          ForEachValue(layout.leaves[i], entries,
                                       [&](int64_t) { paths.insert(layout.leaves[i].path); });
                          return Status::OK();
                        })
                  .ok());
  return paths;
}

TEST_P(RandomSeeds, ColumnsLeftOutHoldNothing) {
  RandomRows random(GetParam() + 1000);
  for (int round = 0; round < 60; ++round) {
    const auto rows = random.Make();
    const auto selected = UsedOf(*rows);
    ASSERT_TRUE(selected->ValidateFull().ok());
    EXPECT_EQ(LeavesWithValues(selected), LeavesWithValues(rows)) << rows->ToString();
    EXPECT_EQ(FindUsedColumns(*selected).find('0'), std::string::npos);
    ExpectReadsBack(WriteFile(*rows), selected);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSeeds, testing::Range(0U, 12U));

}  // namespace
}  // namespace earthcatalog::geoparquet
